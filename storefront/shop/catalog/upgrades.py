"""Upgrades that are for sale: from which edition to which, for how much, and the prices that sell them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields

from sqlalchemy import Exists, Row, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.core.db import db, insert_missing
from storefront.shop.catalog.metadata_values import read_id
from storefront.shop.catalog.models import FOR_SALE, Edition, Price, Product
from storefront.shop.catalog.upgrade_paths import UpgradePath, least_upgrade, read_paths
from storefront.shop.translations.read import said

FROZEN, FROZEN_NAME, FROZEN_AFTER = "upgrade", "upgrade_of", "upgrade_after"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeOffer:
    """What owners of the edition `from_edition_id` pay to have this one, in minor units."""

    edition_id: int
    edition: str
    from_edition_id: int
    amount_minor: int
    currency: str


def has_upgrades(product_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> Exists:
    """Select whether a product of the statement has an edition that others may be upgraded to."""
    others = exists().where(Edition.product_id == product_id, Edition.is_active, Edition.upgrades_from != "")
    return others.correlate_except(Edition)


def find_upgrades_from(edition_ids: Collection[int], currency: str) -> dict[int, tuple[UpgradeOffer, ...]]:
    """Return what may be had for sale now from each of these editions, in the owner's order. One statement.

    An edition is offered where it is for sale by itself in this currency at a fixed price. The difference is that
    of the prices of today, and where Stripe does not take so little there is no offer.
    """
    if not edition_ids:
        return {}
    products = select(Edition.product_id).where(Edition.id.in_(list(edition_ids)))
    rows = db.session.execute(
        select(Edition, Product.state, Price)
        .join(Product, Product.id == Edition.product_id)
        .outerjoin(Price, (Price.edition_id == Edition.id) & Price.is_active & (Price.currency == currency))
        .where(Edition.product_id.in_(products))
        .order_by(Edition.position, Edition.id)
    ).all()
    offers: dict[int, tuple[UpgradeOffer, ...]] = {}
    for offer in _offers(rows, currency):
        if offer.from_edition_id in edition_ids:
            offers[offer.from_edition_id] = (*offers.get(offer.from_edition_id, ()), offer)
    return offers


def _offers(rows: Collection[Row[Edition, str, Price]], currency: str) -> Iterator[UpgradeOffer]:
    by_key = {(edition.product_id, edition.key): (edition, price) for edition, _state, price in rows}
    for edition, state, price in rows:
        if not _is_sold_at_fixed_price(edition, state, price):
            continue
        for path in read_paths(edition.upgrades_from):
            start, start_price = by_key.get((edition.product_id, path.from_key), (None, None))
            amount_minor = _amount(path, start_price, price, currency)
            if start is None or start.id == edition.id or amount_minor < least_upgrade(currency):
                continue
            yield UpgradeOffer(
                edition_id=edition.id,
                edition=said(edition).name,
                from_edition_id=start.id,
                amount_minor=amount_minor,
                currency=currency,
            )


def _is_sold_at_fixed_price(edition: Edition, state: str, price: Price | None) -> bool:
    return state in FOR_SALE and edition.is_active and _is_fixed(price)


def _is_fixed(price: Price | None) -> bool:
    return price is not None and price.least_minor is None


def _amount(path: UpgradePath, start: Price | None, target: Price, currency: str) -> int:
    """Return minor units; 0 where there is no amount to ask for."""
    if path.amounts:
        return path.amounts.get(currency, 0)
    return target.amount_minor - start.amount_minor if start is not None and _is_fixed(start) else 0


def ensure_upgrade_price(session: Session, offer: UpgradeOffer) -> int:
    """Return the id of the price that sells this upgrade, made where nobody bought it for so much before.

    It never changes and is never active: a catalog or a cart does not know it.
    """
    row = {
        "edition_id": offer.edition_id,
        "upgrades_from_id": offer.from_edition_id,
        "currency": offer.currency,
        "amount_minor": offer.amount_minor,
        "is_active": False,
    }
    insert_missing(session, Price, [row])
    return session.scalars(select(Price.id).filter_by(**row)).one()


@dataclass(frozen=True, slots=True)
class NamedGrant:
    """A grant by what lasts: its order's Session, the line of that, and its place in the line."""

    session_id: str
    line_id: str
    kind: str
    product_id: int
    ordinal: int


def freeze_upgraded(grant_id: int, lasting_name: str, after: str) -> dict[str, str]:
    """Return the entries of a Session's metadata that name what is upgraded: a grant, which is no secret.

    Its number stays beside its name for code of the version before. `after` is the Session of the upgrade that
    this one stands on, nothing where it is the first.
    """
    named = {FROZEN_NAME: lasting_name, FROZEN_AFTER: after}
    return {FROZEN: str(grant_id)} | {name: value for name, value in named.items() if value}


def read_upgraded(metadata: Mapping[str, str]) -> NamedGrant | int | None:
    """Return what `freeze_upgraded` wrote: the number alone where that was all it knew."""
    name = metadata.get(FROZEN_NAME, "").split(" ")
    if len(name) == len(fields(NamedGrant)):
        session_id, line_id, kind, product_id, ordinal = name
        return NamedGrant(session_id, line_id, kind, read_id(product_id), read_id(ordinal))
    return read_id(metadata.get(FROZEN, "")) or None


def read_needed(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the Sessions that are handed out before this one: of the license, then of the upgrade below it."""
    named = read_upgraded(metadata)
    needed = (named.session_id if isinstance(named, NamedGrant) else "", metadata.get(FROZEN_AFTER, ""))
    return tuple(filter(None, needed))
