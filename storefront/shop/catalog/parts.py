"""What bundles include: which editions, what each of them promises, and which of them an open checkout sells."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Exists, exists, func, select
from sqlalchemy.orm import Session, aliased

from storefront.core import clock
from storefront.core.db import db
from storefront.shop.catalog.license_words import license_words
from storefront.shop.catalog.metadata_values import read_id, read_moment
from storefront.shop.catalog.mirror_names import name_at_stripe
from storefront.shop.catalog.models import FOR_SALE, WITH_PAGE, BundlePart, Edition, KeySource, Price, Product
from storefront.shop.catalog.terms import SaleTerms, SoldProduct, sold_product, terms_of_today
from storefront.shop.translations.read import said

MOST_PARTS = 30  # their ids fit into one value of metadata at Stripe: 500 characters
FROZEN, FROZEN_AT = "parts_{}", "parts_at"
_OF_PART = aliased(Edition)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldPart:
    """One part of a bundle, and what a sale of it promises now. `description` is what a buyer reads."""

    product: SoldProduct
    edition_id: int
    description: str
    terms: SaleTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedPart:
    """One part of a bundle, for who thinks of buying it. `slug` is empty where nobody may see its page.

    `words` say what its license allows. `amount_minor` is what it costs alone, None where it is not sold so.
    `has_pool`: its keys are imported, so a buyer may have to wait for one.
    """

    product_id: int
    name: str
    edition: str
    slug: str
    summary: str
    words: tuple[str, ...]
    grants_license: bool
    grants_download: bool
    amount_minor: int | None
    has_pool: bool = False

    @property
    def title(self) -> str:
        return name_at_stripe(self.name, self.edition)


@cache
def includes_something() -> Exists:
    """Select whether the edition of a statement includes something."""
    return exists().where(BundlePart.edition_id == Edition.id).correlate(Edition)


@cache
def includes_pool() -> Exists:
    """Select whether the edition of a statement includes something whose keys are imported, see `has_pool()`.

    Made once: two names for tables took a tenth of what beginning to pay costs.
    """
    part, product = aliased(Edition), aliased(Product)
    is_pool = product.grants_license & (product.key_source == KeySource.POOL)
    return (
        exists()
        .where(BundlePart.edition_id == Edition.id, BundlePart.part_edition_id == part.id)
        .where(part.product_id == product.id, is_pool)
        .correlate(Edition)
    )


def find_part_ids(price_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return the ids of the editions that these prices include now, in the owner's order; bundles only."""
    rows = db.session.execute(
        select(Price.id, BundlePart.part_edition_id)
        .join(BundlePart, BundlePart.edition_id == Price.edition_id)
        .where(Price.id.in_(list(price_ids)))
        .order_by(BundlePart.position, BundlePart.id)
    )
    parts: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
    for price_id, edition_id in rows:
        parts[price_id] += (edition_id,)
    return dict(parts)


def list_included(edition_ids: Iterable[int], *, currency: str) -> dict[int, tuple[IncludedPart, ...]]:
    """Return what these editions include, by their ids, with prices in this currency. One statement."""
    rows = db.session.execute(
        select(BundlePart.edition_id, Product, Edition, Price)
        .join(Edition, Edition.id == BundlePart.part_edition_id)
        .join(Product, Product.id == Edition.product_id)
        .outerjoin(Price, (Price.edition_id == Edition.id) & Price.is_active & (Price.currency == currency))
        .where(BundlePart.edition_id.in_(set(edition_ids)))
        .order_by(BundlePart.position, BundlePart.id)
    )
    included: defaultdict[int, tuple[IncludedPart, ...]] = defaultdict(tuple)
    for edition_id, product, edition, price in rows:
        included[edition_id] += (_included(product, edition, price),)
    return dict(included)


def _included(product: Product, edition: Edition, price: Price | None) -> IncludedPart:
    is_sold = product.state in FOR_SALE and edition.is_active and price is not None and price.least_minor is None
    return IncludedPart(
        product_id=product.id,
        name=said(product).name,
        edition=said(edition).name,
        slug=product.slug if product.state in WITH_PAGE else "",
        summary=said(product).summary,
        words=license_words(product, edition),
        grants_license=product.grants_license,
        grants_download=product.grants_download,
        amount_minor=price.amount_minor if price is not None and is_sold else None,
        has_pool=has_pool(product),
    )


def has_pool(product: Product) -> bool:
    """Return whether its keys are imported: no page may promise one at once, as an empty pool sells on."""
    return product.grants_license and product.key_source is KeySource.POOL


def read_part_names(session: Session, edition_ids: Collection[int]) -> dict[int, list[str]]:
    """Return what these editions include, by their ids; bundles only. One statement."""
    rows = session.execute(
        select(BundlePart.edition_id, Product.slug, _OF_PART.key)
        .join(_OF_PART, _OF_PART.id == BundlePart.part_edition_id)
        .join(Product, Product.id == _OF_PART.product_id)
        .where(BundlePart.edition_id.in_(list(edition_ids)))
        .order_by(BundlePart.position, BundlePart.id)
    )
    names: dict[int, list[str]] = {}
    for edition_id, slug, key in rows:
        names.setdefault(edition_id, []).append(f"{slug}/{key}")
    return names


def freeze_parts(price_ids: Collection[int]) -> dict[str, str]:
    """Return entries of a Session's metadata that say what bundles among these prices include now."""
    return {
        FROZEN.format(price_id): ",".join(map(str, edition_ids))
        for price_id, edition_ids in find_part_ids(price_ids).items()
    }


def freeze_moment(frozen: Mapping[str, str]) -> dict[str, str]:
    """Return the entry that says when `freeze_parts` wrote these; nothing where it wrote none.

    A database that was put back to an earlier day gives numbers of editions again, to younger ones. Where the
    clock was ahead while an edition was made, the moment is that one's.
    """
    edition_ids = {edition_id for written in frozen.values() for edition_id in _numbers(written)}
    if not edition_ids:
        return {}
    newest = db.session.scalar(select(func.max(Edition.created_at)).where(Edition.id.in_(edition_ids)))
    return {FROZEN_AT: max(clock.now(), newest or clock.now()).isoformat()}


def read_frozen_at(metadata: Mapping[str, str], *, begun_at: datetime) -> datetime:
    """Return what `freeze_moment` wrote; of an older version when the Session began, in Stripe's whole seconds."""
    return read_moment(metadata.get(FROZEN_AT, "")) or begun_at + timedelta(seconds=1)


def pick_frozen(metadata: Mapping[str, str], price_ids: Iterable[int]) -> dict[str, str]:
    """Return those entries that `freeze_parts` wrote for these prices."""
    names = {FROZEN.format(price_id) for price_id in price_ids}
    return {name: written for name, written in metadata.items() if name in names}


def read_frozen(metadata: Mapping[str, str], price_id: int | None) -> tuple[int, ...]:
    """Return the ids of the editions that `freeze_parts` wrote for this price; none for what was no bundle."""
    return _numbers(metadata.get(FROZEN.format(price_id), ""))


def _numbers(written: str) -> tuple[int, ...]:
    return tuple(filter(None, map(read_id, written.split(","))))


def read_parts_of(edition_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Return what these editions of bundles include now, by their ids."""
    rows = db.session.execute(
        select(BundlePart.edition_id, BundlePart.part_edition_id)
        .where(BundlePart.edition_id.in_(set(edition_ids)))
        .order_by(BundlePart.position, BundlePart.id)
    )
    parts: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
    for edition_id, part_id in rows:
        parts[edition_id] += (part_id,)
    return dict(parts)


def read_sold_parts(edition_ids: Iterable[int], *, frozen_at: datetime | None = None) -> dict[int, SoldPart]:
    """Return what a sale of these editions as parts promises now, by their ids. One statement.

    Of those that are younger than `frozen_at` nothing was sold then.
    """
    sold = (
        select(Edition, Product)
        .join(Product, Product.id == Edition.product_id)
        .where(Edition.id.in_(set(edition_ids)))
        .execution_options(populate_existing=True)
    )
    rows = db.session.execute(sold if frozen_at is None else sold.where(Edition.created_at <= frozen_at))
    return {
        edition.id: SoldPart(
            product=sold_product(product),
            edition_id=edition.id,
            description=name_at_stripe(product.name, edition.name),
            terms=terms_of_today(product, edition),
        )
        for edition, product in rows
    }
