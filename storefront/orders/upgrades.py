"""What upgrades make of what was sold: computed from paid upgrades whose orders are open, never stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Exists, exists, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from storefront.core.db import db
from storefront.orders.access import Reason, access
from storefront.orders.facts import FACT_COLUMNS, facts_of_row
from storefront.orders.models import Grant, Order, OrderItem, Upgrade, UpgradeState
from storefront.shop.catalog.models import Edition, Price
from storefront.shop.translations.read import told

COUNTED = (UpgradeState.APPLIED, UpgradeState.REPLACED)
# Written into the text: SQLite prepares a statement anew for each value that it compares with a partial index.
_COUNTED: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in COUNTED]
# After these the same upgrade may be bought again; a dispute may still give the first one back.
MONEY_WENT_BACK = (Reason.REFUNDED, Reason.ITEM_REFUNDED, Reason.DISPUTE_LOST)
_SOLD, _SOLD_PRICE = aliased(OrderItem), aliased(Price)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeStep:
    """One paid upgrade of a grant, with the terms of its edition, of the whole key. None is no limit.

    `edition` is in the language of a page or an email; `own_edition` as the owner wrote it, for programs.
    `is_open`: access to its own order. `is_over`: its money went back, so that it may be bought again.
    """

    id: int
    from_edition_id: int
    edition_id: int
    edition: str
    own_edition: str
    order_number: str
    is_open: bool
    is_over: bool
    activation_limit: int | None
    seats: int | None
    update_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradedGrant:
    """All upgrades of one grant, and those of them that count now, one upon the other.

    `passed_over` are open ones that do not, because the license was upgraded otherwise since.
    """

    grant_id: int
    item_id: int
    steps: tuple[UpgradeStep, ...]
    counting: tuple[UpgradeStep, ...]
    passed_over: tuple[UpgradeStep, ...] = ()

    def counts(self, upgrade_id: int) -> bool:
        return any(step.id == upgrade_id for step in self.counting)

    def passes_over(self, upgrade_id: int) -> bool:
        return any(step.id == upgrade_id for step in self.passed_over)

    @property
    def last(self) -> UpgradeStep | None:
        return self.counting[-1] if self.counting else None

    @property
    def activation_limit(self) -> tuple[int | None, ...]:
        return tuple(step.activation_limit for step in self.counting)

    @property
    def seats(self) -> tuple[int | None, ...]:
        return tuple(step.seats for step in self.counting)

    @property
    def update_days(self) -> tuple[int | None, ...]:
        return tuple(step.update_days for step in self.counting)


NOT_UPGRADED = UpgradedGrant(grant_id=0, item_id=0, steps=(), counting=())


def counting_steps(edition_id: int | None, steps: Sequence[UpgradeStep]) -> tuple[UpgradeStep, ...]:
    """Return the upgrades that count, from the edition that was sold: each stands on the one before.

    One whose order is closed does not count, nor does any that stands on it: old rights are back at once.
    Where paths part the newest upgrade counts, with those that it stands on: it was bought while the other one was
    void, whose money came back later.
    """
    return max(_open_paths(edition_id, steps), key=_newest_first)


def passed_over(edition_id: int | None, steps: Sequence[UpgradeStep]) -> tuple[UpgradeStep, ...]:
    """Return the open upgrades that would count, were the license not upgraded otherwise since."""
    counting = counting_steps(edition_id, steps)
    possible = {step for path in _open_paths(edition_id, steps) for step in path}
    return tuple(step for step in steps if step in possible and step not in counting)


def _open_paths(
    current: int | None, steps: Sequence[UpgradeStep], seen: frozenset[int | None] = frozenset()
) -> Iterator[tuple[UpgradeStep, ...]]:
    """Yield all paths from an edition along open upgrades, the empty one first, that meet no edition twice."""
    yield ()
    seen |= {current}
    for step in steps:
        if step.is_open and step.from_edition_id == current and step.edition_id not in seen:
            yield from ((step, *path) for path in _open_paths(step.edition_id, steps, seen))


def _newest_first(path: Iterable[UpgradeStep]) -> list[int]:
    return sorted((step.id for step in path), reverse=True)


def widest(sold: int | None, upgraded: Iterable[int | None]) -> int | None:
    """Return the widest of these limits: an upgrade takes nothing away. None is no limit."""
    limits = [sold, *upgraded]
    return None if None in limits else max(limit for limit in limits if limit is not None)


def is_upgraded(item_id: ColumnElement[int] | InstrumentedAttribute[int]) -> Exists:
    """Select whether something of an item of the statement was ever upgraded: few are."""
    return (
        exists().where(Upgrade.upgraded_item_id == item_id, Upgrade.state.in_(_COUNTED)).correlate_except(Upgrade)
    )


def find_upgraded(session: Session | Connection, item_ids: Collection[int]) -> dict[int, UpgradedGrant]:
    """Return upgraded grants of these items by the grant's id. One statement, none for no items."""
    if not item_ids:
        return {}
    rows = session.execute(
        select(
            Upgrade.id,
            Upgrade.grant_id,
            Upgrade.upgraded_item_id,
            Upgrade.from_edition_id,
            Upgrade.edition_id,
            told(Edition.name).label("edition"),
            Edition.name.label("own_edition"),
            Order.number,
            OrderItem.quantity,
            OrderItem.activation_limit,
            OrderItem.seats,
            OrderItem.update_days,
            _SOLD_PRICE.edition_id.label("sold_edition_id"),
            *FACT_COLUMNS,
        )
        .join(OrderItem, OrderItem.id == Upgrade.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .join(Edition, Edition.id == Upgrade.edition_id)
        .join(_SOLD, _SOLD.id == Upgrade.upgraded_item_id)
        .join(_SOLD_PRICE, _SOLD_PRICE.id == _SOLD.price_id)
        .where(Upgrade.upgraded_item_id.in_(list(item_ids)), Upgrade.state.in_(COUNTED))
        .order_by(Upgrade.id)
    ).all()
    steps: defaultdict[tuple[int, int, int], list[UpgradeStep]] = defaultdict(list)
    for row in rows:
        steps[row.grant_id, row.upgraded_item_id, row.sold_edition_id].append(_step(row))
    return {
        grant_id: UpgradedGrant(
            grant_id=grant_id,
            item_id=item_id,
            steps=tuple(of_grant),
            counting=counting_steps(edition_id, of_grant),
            passed_over=passed_over(edition_id, of_grant),
        )
        for (grant_id, item_id, edition_id), of_grant in steps.items()
    }


def _step(row: Any) -> UpgradeStep:  # noqa: ANN401 - a row of SQLAlchemy
    access_now = access(facts_of_row(row))
    return UpgradeStep(
        id=row.id,
        from_edition_id=row.from_edition_id,
        edition_id=row.edition_id,
        edition=row.edition,
        own_edition=row.own_edition,
        order_number=row.number,
        is_open=access_now.allowed,
        is_over=access_now.reason in MONEY_WENT_BACK,
        activation_limit=None if row.activation_limit is None else row.activation_limit * row.quantity,
        seats=None if row.seats is None else row.seats * row.quantity,
        update_days=row.update_days,
    )


def read_update_days(session: Session, item_ids: Collection[int]) -> dict[int, tuple[int | None, ...]]:
    """Return the days of updates that upgrades of these items bring, by the item's id. One statement.

    An item has one download for all its keys: the widest of them counts.
    """
    days: dict[int, tuple[int | None, ...]] = {}
    for upgraded in find_upgraded(session, item_ids).values():
        days[upgraded.item_id] = (*days.get(upgraded.item_id, ()), *upgraded.update_days)
    return days


def widest_days(sold: int | None, item_id: int, upgraded: Mapping[int, Iterable[int | None]]) -> int | None:
    """Return for how many days an item has updates; `upgraded` is what `read_update_days` returns."""
    return widest(sold, upgraded.get(item_id, ()))


def find_lasting_name(grant_id: int) -> str:
    """Return what names a grant for good: its order's Session, Stripe's line of it, and its place in that.

    Its number does not: a database that was put back to an earlier day gives it again, to somebody else.
    """
    row = db.session.execute(
        select(
            Order.checkout_session_id, OrderItem.stripe_line_item_id, Grant.kind, Grant.product_id, Grant.ordinal
        )
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .where(Grant.id == grant_id)
    ).one_or_none()
    return "" if row is None else " ".join(map(str, row))


def find_last_upgrade(grant_id: int) -> str:
    """Return the Session of the upgrade that counts for a grant now; nothing where none does."""
    item_id = db.session.scalars(select(Grant.order_item_id).where(Grant.id == grant_id)).one_or_none()
    upgraded = find_upgraded(db.session(), [item_id] if item_id else []).get(grant_id, NOT_UPGRADED)
    if upgraded.last is None:
        return ""
    items = select(Upgrade.order_item_id).where(Upgrade.id == upgraded.last.id)
    of_item = select(Order.checkout_session_id).join(OrderItem, OrderItem.order_id == Order.id)
    return db.session.scalars(of_item.where(OrderItem.id.in_(items))).one()
