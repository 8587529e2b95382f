"""Paid upgrades: given to the license that they were sold for, once, or left to the owner to refund."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from storefront.core import clock, money
from storefront.core.db import insert_missing
from storefront.delivery.licenses.models import KeyEvent, KeyEventKind, License
from storefront.orders.access import item_access, order_access
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.models import Grant, Order, OrderItem, Upgrade, UpgradeState
from storefront.orders.notices import NoticeDraft, NoticeKind, settle_notices
from storefront.orders.upgrades import COUNTED, NOT_UPGRADED, UpgradedGrant, find_upgraded
from storefront.shop.catalog.models import Edition, Price
from storefront.shop.catalog.own_sessions import entries_of_checkout
from storefront.shop.catalog.upgrades import NamedGrant, read_needed, read_upgraded
from storefront.stripe_api.seen import SeenCheckout


@dataclass(frozen=True, slots=True)
class _Upgraded:
    """What is upgraded."""

    grant: Grant
    item: OrderItem
    order: Order
    edition_id: int | None  # that was sold
    license: License | None
    upgrades: UpgradedGrant

    def works(self, at: datetime) -> bool:
        is_open = item_access(self.order, self.item).allowed and self.order.erased_at is None
        return is_open and (self.license is None or _works(self.license, at))

    @property
    def edition_now(self) -> int | None:
        return self.upgrades.last.edition_id if self.upgrades.last else self.edition_id


def _works(sold: License, at: datetime) -> bool:
    """Tell whether it is neither withdrawn nor over by then; its order is asked elsewhere."""
    return sold.withdrawn_at is None and (sold.expires_at is None or sold.expires_at > at)


def lock_upgraded(session: Session, seen: SeenCheckout) -> None:
    """Lock the order of what a Session upgrades, before anything else: a look at that one locks it first as well.

    Whoever upgrades or refunds it next sees what came first.
    """
    of_grant = select(OrderItem.order_id).join(Grant, Grant.order_item_id == OrderItem.id)
    upgraded = of_grant.join(Order, Order.id == OrderItem.order_id).where(_is_named(seen)).scalar_subquery()
    session.execute(select(Order.id).where(Order.id == upgraded).with_for_update(key_share=True))


def find_needed_sessions(seen: SeenCheckout) -> tuple[str, ...]:
    """Return the Sessions of the license that is upgraded and of the upgrade that it stands on, in order."""
    return tuple(named for named in read_needed(entries_of_checkout(seen.metadata)) if named != seen.id)


def _is_named(seen: SeenCheckout) -> ColumnElement[bool]:
    """Select the grant, of a join with its item and order.

    A number alone, as older versions wrote it, is believed of an order that was here when the Session began: after
    a database was put back to an earlier day it may be somebody else's. Stripe's moments are whole seconds.
    """
    named = read_upgraded(entries_of_checkout(seen.metadata))
    if not isinstance(named, NamedGrant):
        return (Grant.id == named) & (Order.created_at < seen.created_at + timedelta(seconds=1))
    return and_(
        Order.checkout_session_id == named.session_id,
        OrderItem.stripe_line_item_id == named.line_id,
        Grant.kind == named.kind,
        Grant.product_id == named.product_id,
        Grant.ordinal == named.ordinal,
    )


def hand_out_upgrades(session: Session, order: Order, seen: SeenCheckout) -> None:
    """Give each upgrade of a paid order to its license, inside the caller's transaction. The order is locked."""
    charged_at = seen.payment.charged_at if seen.payment is not None else None
    rows = session.execute(
        select(OrderItem, Price, Edition.name)
        .join(Price, Price.id == OrderItem.price_id)
        .join(Edition, Edition.id == Price.edition_id)
        .where(OrderItem.order_id == order.id, Price.upgrades_from_id.is_not(None))
    ).all()
    for item, price, edition in rows:
        upgraded = _find_upgraded(session, seen, mode=order.mode)
        # Its event may be late, or its bank take days, and the license may have been over since.
        state = _judge(price, upgraded, charged_at or order.paid_at or clock.now())
        state = _hand_out(session, item, price, upgraded, state)
        if upgraded is not None and state is UpgradeState.APPLIED:
            _tell(session, order, upgraded, edition)


def _find_upgraded(session: Session, seen: SeenCheckout, *, mode: str) -> _Upgraded | None:
    """Return what a Session names; `lock_upgraded` has locked its order."""
    row = session.execute(
        select(Grant, OrderItem, Order, License, Price.edition_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .join(Price, Price.id == OrderItem.price_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .where(_is_named(seen), Order.mode == mode)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    upgrades = find_upgraded(session, [row.OrderItem.id]).get(row.Grant.id, NOT_UPGRADED)
    return _Upgraded(row.Grant, row.OrderItem, row.Order, row.edition_id, row.License, upgrades)


def _judge(price: Price, upgraded: _Upgraded | None, paid_at: datetime) -> UpgradeState:
    if upgraded is None:
        return UpgradeState.UNKNOWN
    if not upgraded.works(paid_at):
        return UpgradeState.CLOSED
    is_taken = any(step.edition_id == price.edition_id and not step.is_over for step in upgraded.upgrades.steps)
    if is_taken or upgraded.edition_now != price.upgrades_from_id:
        return UpgradeState.ALREADY
    return UpgradeState.APPLIED


def _hand_out(
    session: Session, item: OrderItem, price: Price, upgraded: _Upgraded | None, state: UpgradeState
) -> UpgradeState:
    """Keep what came of it; return the state that it has then."""
    row = {
        "order_item_id": item.id,
        "grant_id": upgraded.grant.id if upgraded else None,
        "upgraded_item_id": upgraded.item.id if upgraded else None,
        "from_edition_id": price.upgrades_from_id,
        "edition_id": price.edition_id,
    }
    if state is UpgradeState.APPLIED and upgraded is not None:
        _give_place_away(session, upgraded, price.edition_id)
    if not insert_missing(session, Upgrade, [row | {"state": state}]):
        # The schema's word, should the lock ever not hold: the same license has the same upgrade once.
        state = UpgradeState.ALREADY
        insert_missing(session, Upgrade, [row | {"state": state}])
    return state


def _give_place_away(session: Session, upgraded: _Upgraded, edition_id: int) -> None:
    """Let the same upgrade be there again, where the money of the first went back."""
    earlier = session.scalars(
        select(Upgrade).where(
            Upgrade.grant_id == upgraded.grant.id,
            Upgrade.edition_id == edition_id,
            Upgrade.state == UpgradeState.APPLIED,
        )
    )
    for row in earlier:
        row.state = UpgradeState.REPLACED
    session.flush()


def _tell(session: Session, order: Order, upgraded: _Upgraded, edition: str) -> None:
    add_change(session, upgraded.order.id, ChangeKind.UPGRADED, f"to {edition}, by order {order.number}")
    add_change(
        session, order.id, ChangeKind.UPGRADED, f"to {edition}: the license of order {upgraded.order.number}"
    )
    if upgraded.license is not None:
        what, detail = KeyEventKind.UPGRADED, f"to {edition}, by order {order.number}"
        session.add(KeyEvent(what=what, license_id=upgraded.license.id, detail=detail))


def settle_upgrades_of(session: Session, order_id: int) -> None:
    """Settle the notices of all orders that upgraded something of this one, which is locked."""
    upgrades = session.scalars(
        select(OrderItem.order_id)
        .join(Upgrade, Upgrade.order_item_id == OrderItem.id)
        .where(Upgrade.upgraded_item_id.in_(select(OrderItem.id).where(OrderItem.order_id == order_id)))
        .distinct()
    ).all()
    for upgrade_order_id in upgrades:
        _settle(session, upgrade_order_id)


def find_upgraded_by(session: Session, order_id: int) -> tuple[str, ...]:
    """Return the numbers of open orders that upgraded something of this one and are still counted on."""
    items = select(OrderItem.id).where(OrderItem.order_id == order_id)
    upgrades = (
        select(Order)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Upgrade, Upgrade.order_item_id == OrderItem.id)
        .where(Upgrade.upgraded_item_id.in_(items), Upgrade.state.in_(COUNTED))
        .order_by(Order.id)
    )
    return tuple(order.number for order in session.scalars(upgrades) if order_access(order).allowed)


def find_upgrade_of(session: Session, order_id: int) -> tuple[str, ...]:
    """Return the numbers of the orders that this one upgraded something of."""
    items = select(OrderItem.id).where(OrderItem.order_id == order_id)
    upgraded = (
        select(Order.number)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Upgrade, Upgrade.upgraded_item_id == OrderItem.id)
        .where(Upgrade.order_item_id.in_(items), Upgrade.state.in_(COUNTED))
    )
    return tuple(session.scalars(upgraded))


def settle_unused(session: Session, order_id: int) -> None:
    """Settle the notice of an order of an upgrade, and of those that stand on it. What it upgrades is locked."""
    upgraded = session.scalars(
        select(OrderItem.order_id)
        .join(Upgrade, Upgrade.upgraded_item_id == OrderItem.id)
        .where(Upgrade.order_item_id.in_(select(OrderItem.id).where(OrderItem.order_id == order_id)))
    ).first()
    if upgraded is None:
        _settle(session, order_id)
    else:
        settle_upgrades_of(session, upgraded)


def _settle(session: Session, order_id: int) -> None:
    order = session.get_one(Order, order_id, populate_existing=True)
    drafts = list(_draft_unused(session, order)) if order_access(order).allowed and order.total_minor else []
    # By its subject and not by its order: that one's look knows nothing of the license's.
    kinds = (NoticeKind.UPGRADE_UNUSED,)
    settle_notices(session, drafts, kinds=kinds, about=(order.number,), forgets_done=True)


def _draft_unused(session: Session, order: Order) -> Iterator[NoticeDraft]:
    rows = session.execute(
        select(Upgrade, OrderItem)
        .join(OrderItem, OrderItem.id == Upgrade.order_item_id)
        .where(OrderItem.order_id == order.id)
    ).all()
    for upgrade, item in rows:
        why = _why_unused(session, upgrade, item)
        if why:
            left = money.format_money(order.total_minor - order.refunded_minor, order.currency)
            text = (
                f"Order {order.number} paid {left} for an upgrade that gives nothing: {why}. Refund it: "
                f"`storefront orders refund {order.number}`."
            )
            yield NoticeDraft(kind=NoticeKind.UPGRADE_UNUSED, subject=f"{order.number}:{item.position}", text=text)


WHY = {
    UpgradeState.ALREADY: "its license had it already, or was upgraded otherwise meanwhile",
    UpgradeState.CLOSED: "its license did not work any more",
    UpgradeState.UNKNOWN: "it names no license of this shop",
}


def _why_unused(session: Session, upgrade: Upgrade, item: OrderItem) -> str:
    """Return why an upgrade does not count now; nothing where it does, or is refunded itself."""
    if item.is_refunded:
        return ""
    if upgrade.state in WHY:
        return WHY[UpgradeState(upgrade.state)]
    sold = _find_sold(session, upgrade)
    if not sold.allowed:
        return f"the order of its license is closed ({sold.number})"
    upgrades = find_upgraded(session, [upgrade.upgraded_item_id or 0]).get(upgrade.grant_id or 0, NOT_UPGRADED)
    if upgrades.counts(upgrade.id):
        return ""
    if upgrades.passes_over(upgrade.id):
        return WHY[UpgradeState.ALREADY]
    return "the upgrade that it stands on was taken back"


@dataclass(frozen=True, slots=True)
class _Sold:
    number: str
    allowed: bool


def _find_sold(session: Session, upgrade: Upgrade) -> _Sold:
    row = session.execute(
        select(Order, OrderItem)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .where(OrderItem.id == upgrade.upgraded_item_id)
        .execution_options(populate_existing=True)
    ).one()
    return _Sold(row.Order.number, item_access(row.Order, row.OrderItem).allowed)
