"""Which of our prices and products Stripe's lines are: by mirrors, also lost ones, or by our metadata there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import FromClause, Row, Select, bindparam, exists, select, union_all

from storefront.core.db import db, read_all
from storefront.core.runtime import settings
from storefront.shop.catalog.metadata_values import read_id, read_moment
from storefront.shop.catalog.mirrors import PRICE_AT
from storefront.shop.catalog.models import BundlePart, Edition, LostMirror, Price, Product, StripeMirror
from storefront.shop.catalog.own_sessions import is_marked
from storefront.shop.catalog.parts import (
    SoldPart,
    read_frozen,
    read_frozen_at,
    read_parts_of,
    read_sold_parts,
)
from storefront.shop.catalog.terms import (
    NO_TERMS,
    SALE_COLUMNS,
    SaleTerms,
    SoldProduct,
    sold_product_of_row,
    terms_of_row,
)
from storefront.stripe_api.seen import SeenLine
from storefront.stripe_api.seen_price import SeenPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizedLine:
    """What a line of Stripe's is to us, and what a sale of it promises; None for a line we do not know.

    `bundle_id` is its edition where that includes something by now. `lost_parts` counts what was sold in it and is
    no more. An upgrade hands out nothing itself; `upgrades_from_id` is the edition that it is for. `is_marked`: it
    was made at Stripe by this shop, whatever else is known.
    """

    price_id: int | None
    product: SoldProduct | None
    terms: SaleTerms
    bundle_id: int | None = None
    parts: tuple[SoldPart, ...] = ()
    lost_parts: int = 0
    upgrades_from_id: int | None = None
    is_marked: bool = False

    @property
    def is_ours(self) -> bool:
        return self.is_marked or self.product is not None

    @property
    def product_id(self) -> int | None:
        return self.product.id if self.product is not None else None


CLOCKS_DIFFER = timedelta(hours=1)  # Stripe's and ours, at most

UNKNOWN = RecognizedLine(price_id=None, product=None, terms=NO_TERMS)
UNKNOWN_OF_OURS = replace(UNKNOWN, is_marked=True)


@dataclass(frozen=True, slots=True)
class _Mirrored:
    """Rows of our prices and products by Stripe's ids of them."""

    by_price: dict[str, Row[*tuple[Any, ...]]]
    by_product: dict[str, Row[*tuple[Any, ...]]]

    def find_price(self, line: SeenLine) -> RecognizedLine | None:
        row = self.by_price.get(line.stripe_price_id or "")
        return _recognized(row) if row is not None else None

    def find_product(self, line: SeenLine) -> RecognizedLine | None:
        """Return what another price of a product at Stripe sells: its edition, as there is a product for each.

        Of an upgrade that is nothing: it costs what it says at the license that it is for.
        """
        row = self.by_product.get(line.stripe_product_id or "")
        if row is None:
            return None
        return _recognized(row) if row.upgrades_from_id is None else UNKNOWN_OF_OURS


def recognize_lines(
    lines: Iterable[SeenLine], *, frozen: Mapping[str, str], begun_at: datetime
) -> dict[str, RecognizedLine]:
    """Return our price and product by line id. One statement, however many lines.

    A second one where a line's price has no mirror; one or two more for bundles.

    A mirror of the price counts first, then our metadata on Stripe's price, then a mirror of the product, then our
    mark, which says that it is ours.
    `frozen` is the metadata of a checkout of the shop: what a bundle included when it began. It is empty where
    the Session is none of those, which began at `begun_at`.
    """
    lines = list(lines)
    mirrored = _read_mirrors(lines)
    of_price = {line.id: mirrored.find_price(line) for line in lines}
    unmirrored = [line for line in lines if of_price[line.id] is None]
    marked = _read_marked_prices([line for line in unmirrored if is_marked(line.metadata)])
    known = {
        line.id: of_price[line.id] or marked.get(line.id) or mirrored.find_product(line) or _unknown(line)
        for line in lines
    }
    return _with_parts(known, frozen, read_frozen_at(frozen, begun_at=begun_at) if frozen else None)


def _unknown(line: SeenLine) -> RecognizedLine:
    return UNKNOWN_OF_OURS if is_marked(line.metadata) else UNKNOWN


def _with_parts(
    known: dict[str, RecognizedLine], frozen: Mapping[str, str], frozen_at: datetime | None
) -> dict[str, RecognizedLine]:
    wanted = _find_part_ids(known, frozen)
    if not wanted:
        return known
    edition_ids_of_all = {edition_id for edition_ids in wanted.values() for edition_id in edition_ids}
    sold = read_sold_parts(edition_ids_of_all, frozen_at=frozen_at)
    return known | {line_id: _with(known[line_id], edition_ids, sold) for line_id, edition_ids in wanted.items()}


def _with(line: RecognizedLine, edition_ids: Sequence[int], sold: Mapping[int, SoldPart]) -> RecognizedLine:
    parts = tuple(sold[edition_id] for edition_id in edition_ids if edition_id in sold)
    return replace(line, parts=parts, lost_parts=len(edition_ids) - len(parts))


def _read_frozen_parts(
    known: Mapping[str, RecognizedLine], frozen: Mapping[str, str]
) -> dict[str, tuple[int, ...]]:
    parts = {line_id: read_frozen(frozen, line.price_id) for line_id, line in known.items()}
    return {line_id: edition_ids for line_id, edition_ids in parts.items() if edition_ids}


def _find_part_ids(known: Mapping[str, RecognizedLine], frozen: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """Return by line id which editions a bundle hands out: those of when its checkout began.

    A Payment Link says nothing of them: it sells what the bundle includes when its Session is first seen here.
    """
    if frozen:
        return _read_frozen_parts(known, frozen)
    bundles = {line_id: line.bundle_id for line_id, line in known.items() if line.bundle_id is not None}
    if not bundles:
        return {}
    parts = read_parts_of(bundles.values())
    return {line_id: parts[bundle_id] for line_id, bundle_id in bundles.items() if bundle_id in parts}


def _read_mirrors(lines: Sequence[SeenLine]) -> _Mirrored:
    stripe_prices = {line.stripe_price_id for line in lines if line.stripe_price_id}
    stripe_products = {line.stripe_product_id for line in lines if line.stripe_product_id}
    which = {"mode": settings().mode, "stripe_prices": stripe_prices, "stripe_products": stripe_products}
    rows = read_all(_MIRRORED, which)
    return _Mirrored(
        by_price={row.stripe_price_id: row for row in rows},
        by_product={row.stripe_product_id: row for row in rows},
    )


# Of the tables, and no entities: reading those costs more than the statements.
_prices, _editions = Price.__table__.c, Edition.__table__.c
_OF_PRICE = (
    *SALE_COLUMNS,
    _prices.id.label("price_id"),
    _prices.upgrades_from_id,
    _editions.id.label("edition_id"),
    exists().where(BundlePart.__table__.c.edition_id == _editions.id).label("is_bundle"),
)
_WITH_PRODUCT = Price.__table__.join(Edition.__table__, _editions.id == _prices.edition_id).join(
    Product.__table__, Product.__table__.c.id == _editions.product_id
)


def _select_mirrors(mirrors: FromClause) -> Select[int, str, str]:
    """Select mirrors of the running mode only: a test price means nothing to live Stripe."""
    its = mirrors.c
    return select(its.price_id, its.stripe_price_id, its.stripe_product_id).where(
        its.mode == bindparam("mode"),
        its.stripe_price_id.in_(bindparam("stripe_prices", expanding=True))
        | its.stripe_product_id.in_(bindparam("stripe_products", expanding=True)),
    )


_sold = union_all(*map(_select_mirrors, (StripeMirror.__table__, LostMirror.__table__))).subquery()
_MIRRORED = select(_sold.c.stripe_price_id, _sold.c.stripe_product_id, *_OF_PRICE).select_from(
    _WITH_PRODUCT.join(_sold, _sold.c.price_id == _prices.id)
)
_ASKED = (_prices.currency, _prices.amount_minor, _prices.created_at)
_MARKED = (
    select(*_OF_PRICE, *_ASKED)
    .select_from(_WITH_PRODUCT)
    .where(_prices.id.in_(bindparam("prices", expanding=True)))
)


def _read_marked_prices(lines: Sequence[SeenLine]) -> dict[str, RecognizedLine]:
    """Return what our own metadata says of these lines, by line id, where there is such a price."""
    if not lines:
        return {}
    prices = {line.id: read_id(line.metadata.get("storefront_price", "")) for line in lines}
    rows = {row.price_id: row for row in db.session.execute(_MARKED, {"prices": set(prices.values())})}
    named = ((line, rows.get(prices[line.id])) for line in lines)
    return {line.id: _recognized(row) for line, row in named if row is not None and _was_made_of(row, line)}


def _was_made_of(row: Row[*tuple[Any, ...]], line: SeenLine) -> bool:
    """Tell whether a price at Stripe can have been made of this row, and not of one that had its number before.

    A database that was put back to an earlier day gives numbers again. Neither side ever changes what it asks for.
    """
    price = line.price
    if price is None:
        return False
    is_as_asked = price.currency == row.currency and price.amount_minor in (row.amount_minor, None)
    return is_as_asked and _is_as_old(row, price, read_moment(line.metadata.get(PRICE_AT, "")))


def _is_as_old(row: Row[*tuple[Any, ...]], price: SeenPrice, made_at: datetime | None) -> bool:
    """`made_at` is our row's. An older version did not write it: all that is known is which of both is younger."""
    of_row: datetime = row.created_at
    return made_at == of_row if made_at is not None else price.created_at > of_row - CLOCKS_DIFFER


def _recognized(row: Row[*tuple[Any, ...]]) -> RecognizedLine:
    return RecognizedLine(
        price_id=row.price_id,
        product=sold_product_of_row(row),
        terms=_terms(row),
        bundle_id=row.edition_id if row.is_bundle else None,
        upgrades_from_id=row.upgrades_from_id,
    )


def _terms(row: Row[*tuple[Any, ...]]) -> SaleTerms:
    terms = terms_of_row(row)
    if row.upgrades_from_id is None:
        return terms
    return replace(terms, grants_license=False, grants_download=False)
