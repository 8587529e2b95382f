"""What the shop's pages show of its products: only what is published, and prices that are active."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from markupsafe import Markup
from sqlalchemy import Row, outerjoin, select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.models import Price, Product, Release, ReleaseFile
from storefront.shop.catalog.queries import select_active_prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    price_id: int
    name: str
    amount_minor: int
    currency: str

    @property
    def is_free(self) -> bool:
        return self.amount_minor == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCard:
    slug: str
    name: str
    summary: str
    cover: str | None
    grants_license: bool
    grants_download: bool
    editions: tuple[Edition, ...]

    @property
    def lowest(self) -> Edition | None:
        """Return the price a card advertises; amounts compare within the first edition's currency only."""
        if not self.editions:
            return None
        comparable = [edition for edition in self.editions if edition.currency == self.editions[0].currency]
        return min(comparable, key=lambda edition: edition.amount_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedFile:
    filename: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestRelease:
    version: str
    published_at: datetime | None
    notes: Markup
    files: tuple[OfferedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    card: ProductCard
    description: Markup
    release: LatestRelease | None


# The statement of the page that is asked for most: built once, and of tables, which cost half of what entities do.
_PRODUCTS = Product.__table__.c
_PRICES = Price.__table__.c
_CATALOG = (
    select(
        _PRODUCTS.slug,
        _PRODUCTS.name,
        _PRODUCTS.summary,
        _PRODUCTS.cover,
        _PRODUCTS.grants_license,
        _PRODUCTS.grants_download,
        _PRICES.id.label("price_id"),
        _PRICES.edition,
        _PRICES.amount_minor,
        _PRICES.currency,
    )
    .select_from(
        outerjoin(Product.__table__, Price.__table__, (_PRICES.product_id == _PRODUCTS.id) & _PRICES.is_active)
    )
    .where(_PRODUCTS.is_published)
    .order_by(_PRODUCTS.position, _PRODUCTS.id, _PRICES.position, _PRICES.id)
)


def list_products() -> tuple[ProductCard, ...]:
    """Return every published product in the owner's order. One statement, however many products."""
    return _cards(tuple(db.session.execute(_CATALOG)))


@lru_cache(maxsize=4)
def _cards(rows: tuple[Row[Any], ...]) -> tuple[ProductCard, ...]:
    """Make the cards once for each state of the catalog: the same rows are the same cards."""
    cards: list[ProductCard] = []
    for _slug, group in groupby(rows, key=lambda row: row.slug):
        prices = list(group)
        product = prices[0]
        editions = [_edition(price.price_id, price) for price in prices if price.price_id is not None]
        cards.append(_card(product, editions))
    return tuple(cards)


def get_product_page(slug: str) -> ProductPage:
    """Return all that a product's page shows, in three statements.

    Raises:
        NotFound: the product is unknown, or not published; the answer does not tell which.
    """
    product = None
    if "\0" not in slug:  # PostgreSQL refuses it
        product = db.session.scalar(select(Product).where(Product.slug == slug, Product.is_published))
    if product is None:
        raise NotFound("We do not sell anything at this address. It may have a new name, or have left the shop.")
    prices = db.session.scalars(select_active_prices(product.id))
    return ProductPage(
        card=_card(product, [_edition(price.id, price) for price in prices]),
        description=render_markdown(product.description_markdown),
        release=_find_latest_release(product.id),
    )


def _card(product: Product | Row[Any], editions: list[Edition]) -> ProductCard:
    return ProductCard(
        slug=product.slug,
        name=product.name,
        summary=product.summary,
        cover=product.cover,
        grants_license=product.grants_license,
        grants_download=product.grants_download,
        editions=tuple(editions),
    )


def _edition(price_id: int, price: Price | Row[Any]) -> Edition:
    return Edition(price_id=price_id, name=price.edition, amount_minor=price.amount_minor, currency=price.currency)


def _find_latest_release(product_id: int) -> LatestRelease | None:
    latest = (
        select(Release.id)
        .where(
            Release.product_id == product_id,
            Release.published_at <= clock.now(),
            Release.withdrawn_at.is_(None),
        )
        .order_by(Release.published_at.desc(), Release.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Release, ReleaseFile)
        .join(ReleaseFile, ReleaseFile.release_id == Release.id)
        .where(Release.id == latest)
        .order_by(ReleaseFile.filename)
    ).all()
    if not rows:
        return None
    release = rows[0][0]
    return LatestRelease(
        version=release.version,
        published_at=release.published_at,
        notes=render_markdown(release.notes),
        files=tuple(OfferedFile(filename=file.filename, size_bytes=file.size_bytes) for _, file in rows),
    )
