"""What an order's buyer may upgrade, and what came of upgrades that they bought."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from storefront.buyers.library.purchase import OfferedUpgrade
from storefront.core import clock
from storefront.core.db import db
from storefront.core.texts import joined, marked
from storefront.delivery.contents import GrantContents, ItemContents, OrderContents
from storefront.delivery.licenses.keys import hint
from storefront.delivery.licenses.models import License
from storefront.orders.access import item_access
from storefront.orders.models import Grant, GrantKind, Order, OrderItem, Upgrade, UpgradeState
from storefront.orders.upgrades import COUNTED, NOT_UPGRADED, UpgradedGrant, find_upgraded
from storefront.shop.catalog.models import Edition, Price
from storefront.shop.catalog.upgrades import UpgradeOffer, find_upgrades_from
from storefront.shop.translations.read import told

KNOWN = marked("This payment changed nothing. The shop knows about it and can refund it.")
WHY = {
    UpgradeState.ALREADY: marked("This license was upgraded already."),
    UpgradeState.CLOSED: marked("The license that this was for no longer works."),
    UpgradeState.UNKNOWN: marked("We can't find the license that this was for."),
}


def find_offered(orders: Iterable[OrderContents]) -> dict[int, tuple[OfferedUpgrade, ...]]:
    """Return what may be had for each grant of these orders, by its id. No statement where nothing is offered.

    A license that works is offered what is for sale now from the edition that it has now, in the currency of its
    order; a product without keys has its downloads upgraded. What came in a bundle is not upgraded.
    """
    known = [order for order in orders if order.order.erased_at is None]
    items = [item for order in known for item in order.items if _may_be(item)]
    if not items:
        return {}
    upgraded = find_upgraded(db.session(), [item.item.id for item in items if item.is_upgraded])
    starts = _read_starts(items, upgraded)
    offers = _read_offers(starts)
    found = {
        start.grant_id: tuple(_offered(start, offers[start.currency].get(start.edition_id, ()), upgraded))
        for start in starts
    }
    return {grant_id: offered for grant_id, offered in found.items() if offered}


@dataclass(frozen=True, slots=True)
class _Start:
    """A grant as it is now."""

    grant_id: int
    edition_id: int
    currency: str
    quantity: int


def _read_starts(items: Collection[ItemContents], upgraded: Mapping[int, UpgradedGrant]) -> list[_Start]:
    prices = {item.item.price_id for item in items}
    rows = db.session.execute(select(Price.id, Price.edition_id).where(Price.id.in_(prices)))
    sold: dict[int | None, int] = {row.id: row.edition_id for row in rows}
    return [
        _Start(
            grant_id=grant.id,
            edition_id=_edition_now(upgraded.get(grant.id, NOT_UPGRADED), sold[item.item.price_id]),
            currency=item.item.currency,
            quantity=_quantity(item),
        )
        for item in items
        if item.item.price_id in sold
        for grant in _upgradable(item)
    ]


def _read_offers(starts: Collection[_Start]) -> dict[str, Mapping[int, tuple[UpgradeOffer, ...]]]:
    """Return what each edition may be upgraded to, by currency: one statement for each."""
    editions: defaultdict[str, set[int]] = defaultdict(set)
    for start in starts:
        editions[start.currency].add(start.edition_id)
    return {currency: find_upgrades_from(of_currency, currency) for currency, of_currency in editions.items()}


def _quantity(item: ItemContents) -> int:
    """Return how many are upgraded: one key for all of a line is upgraded as a whole."""
    return item.item.quantity if item.item.one_key_per_order_item else 1


def _may_be(item: ItemContents) -> bool:
    is_bundle = any(goods.part is not None for goods in item.goods)
    return item.access.allowed and item.has_upgrades and item.item.price_id is not None and not is_bundle


def _upgradable(item: ItemContents) -> Iterator[GrantContents]:
    """Yield its keys that work; a key that is still to follow, or without keys its downloads, while these last."""
    licenses = [grant for grant in item.grants if grant.kind is GrantKind.LICENSE]
    downloads = () if any(goods.downloads_ended for goods in item.goods) else item.grants
    for grant in licenses or downloads:
        if grant.license is None or _works(grant):
            yield grant


def _works(grant: GrantContents) -> bool:
    license_ = grant.license
    if license_ is None or license_.withdrawn_at is not None:
        return False
    return license_.expires_at is None or license_.expires_at > clock.now()


def _edition_now(upgraded: UpgradedGrant, sold_edition_id: int) -> int:
    return upgraded.last.edition_id if upgraded.last else sold_edition_id


def _offered(
    start: _Start, offers: tuple[UpgradeOffer, ...], upgraded: Mapping[int, UpgradedGrant]
) -> Iterator[OfferedUpgrade]:
    """Leave out what was bought and may come back: a dispute is not over."""
    steps = upgraded.get(start.grant_id, NOT_UPGRADED).steps
    taken = {step.edition_id for step in steps if not step.is_over}
    for offer in offers:
        if offer.edition_id not in taken:
            yield OfferedUpgrade(
                grant_id=start.grant_id,
                from_edition_id=offer.from_edition_id,
                edition_id=offer.edition_id,
                edition=offer.edition,
                amount_minor=offer.amount_minor,
                currency=offer.currency,
                quantity=start.quantity,
            )


def read_what_came(item_ids: Collection[int]) -> dict[int, str]:
    """Return a sentence for each of these lines that upgraded something, by the line's id."""
    if not item_ids:
        return {}
    rows = db.session.execute(
        select(Upgrade, told(Edition.name).label("name"), License.key, Order, OrderItem)
        .join(Edition, Edition.id == Upgrade.edition_id)
        .outerjoin(Grant, Grant.id == Upgrade.grant_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .outerjoin(OrderItem, OrderItem.id == Upgrade.upgraded_item_id)
        .outerjoin(Order, Order.id == OrderItem.order_id)
        .where(Upgrade.order_item_id.in_(list(item_ids)))
        .execution_options(populate_existing=True)
    ).all()
    counted = [row.Upgrade.upgraded_item_id for row in rows if row.Upgrade.state in COUNTED]
    upgraded = find_upgraded(db.session(), counted)
    return {row.Upgrade.order_item_id: _words(row, upgraded) for row in rows}


def _words(row: Row[*tuple[Any, ...]], upgraded: Mapping[int, UpgradedGrant]) -> str:
    upgrade: Upgrade = row.Upgrade
    if upgrade.state in WHY:
        return joined(WHY[UpgradeState(upgrade.state)], KNOWN)
    if not item_access(row.Order, row.OrderItem).allowed:
        return joined(WHY[UpgradeState.CLOSED], KNOWN)
    upgrades = upgraded.get(upgrade.grant_id or 0, NOT_UPGRADED)
    if upgrades.passes_over(upgrade.id):
        return joined(WHY[UpgradeState.ALREADY], KNOWN)
    if not upgrades.counts(upgrade.id):
        return joined(marked("The upgrade that this one stands on was taken back."), KNOWN)
    return _words_of_key(row.key, row.name)


def _words_of_key(key: str | None, edition: str) -> str:
    if not key:
        return marked("What you bought is the %(edition)s edition now.", edition=edition)
    shown = hint(key).strip("\u2026")
    if not shown:
        return marked("Your license key is %(edition)s now. It stays the same key.", edition=edition)
    return marked(
        "Your license key ending in %(letters)s is %(edition)s now. It stays the same key.",
        letters=shown,
        edition=edition,
    )
