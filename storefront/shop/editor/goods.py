"""Finds what is for sale and hands out neither a key, nor a file, nor the parts of a bundle."""

from sqlalchemy import ColumnElement, Exists, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.core import clock
from storefront.core.db import db
from storefront.shop.catalog.models import Edition, Price, Product, Release, ReleaseFile
from storefront.shop.catalog.parts import includes_something
from storefront.shop.catalog.queries import get_product_id, is_for_sale

GOODS = ("grants_license", "grants_download")
NOTHING = "Its buyers would pay and get nothing: retire it first, or make it a draft."


def find_selling_nothing(session: Session) -> tuple[str, ...]:
    """Return the slugs of products that take money for nothing. One statement."""
    slugs = select(Product.slug).where(_sells_nothing()).order_by(Product.position, Product.id)
    return tuple(session.scalars(slugs))


def sells_nothing(session: Session, product_id: int) -> bool:
    """Return whether an edition of this product is for sale and brings nothing."""
    return bool(session.scalar(select(exists().where(Product.id == product_id, _sells_nothing()))))


def is_left_with_nothing(slug: str) -> bool:
    """Return whether a product is for sale and hands out nothing, as committed now. Raises NotFound."""
    return sells_nothing(db.session(), get_product_id(db.session(), slug))


def _sells_nothing() -> ColumnElement[bool]:
    """A key that is not in stock follows, so a product with keys always brings something."""
    brings_files = Product.grants_download & has_published_files(Product.id)
    sold_alone = exists().where(
        Edition.product_id == Product.id,
        Price.edition_id == Edition.id,
        is_for_sale(),
        ~includes_something(),
    )
    return ~Product.grants_license & ~brings_files & sold_alone.correlate(Product)


def has_published_files(product_id: int | InstrumentedAttribute[int]) -> Exists:
    """Select whether a product has a file that buyers get now."""
    return exists().where(
        Release.product_id == product_id,
        Release.published_at <= clock.now(),
        Release.withdrawn_at.is_(None),
        ReleaseFile.release_id == Release.id,
    )
