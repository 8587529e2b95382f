"""Finds products, prices and releases by what people call them, for the shop, its commands and its pages."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.shop.catalog.models import Price, Product, Release

WHERE_PRODUCTS_ARE = "`storefront products list` shows what there is."


def no_such_product(slug: str, *, hint: str = WHERE_PRODUCTS_ARE) -> NotFound:
    """Return the error of everything that looks a product up by its slug."""
    return NotFound(f"There is no product {slug}. {hint}".rstrip())


def list_slugs() -> list[tuple[str, str]]:
    """Return (slug, name) of every product, in the owner's order."""
    rows = db.session.execute(select(Product.slug, Product.name).order_by(Product.position, Product.id))
    return [(slug, name) for slug, name in rows]


def find_product_id(session: Session, slug: str) -> int | None:
    """Return the id of a product, published or not."""
    return session.scalar(select(Product.id).where(Product.slug == slug))


def get_product_id(session: Session, slug: str) -> int:
    """Return the id of a product, published or not.

    Raises:
        NotFound: no such product.
    """
    product_id = find_product_id(session, slug)
    if product_id is None:
        raise no_such_product(slug)
    return product_id


def get_product(session: Session, slug: str) -> Product:
    """Return a product as committed now, published or not.

    Raises:
        NotFound: no such product.
    """
    return _one_product(session, slug, _select_product(slug))


def lock_product(session: Session, slug: str) -> Product:
    """Return a product, locked until the transaction ends: changes of one product come one after the other.

    Raises:
        NotFound: no such product.
    """
    # FOR NO KEY UPDATE: sales refer to the product, and must not wait.
    return _one_product(session, slug, _select_product(slug).with_for_update(key_share=True))


def find_edition(session: Session, product_id: int, edition: str) -> Price | None:
    """Return the price that is for sale under this name."""
    return session.scalars(select_active_prices(product_id).where(Price.edition == edition)).first()


def select_active_prices(product_id: int) -> Select[Price]:
    """Select what a product is sold for now, in the owner's order."""
    return select(Price).where(Price.product_id == product_id, Price.is_active).order_by(Price.position, Price.id)


def find_release(session: Session, product_id: int, version: str, *, is_locked: bool = False) -> Release | None:
    """Return a release as committed now, in whatever state it is."""
    release = select(Release).where(Release.product_id == product_id, Release.version == version)
    release = release.execution_options(populate_existing=True)
    return session.scalars(release.with_for_update() if is_locked else release).one_or_none()


def _select_product(slug: str) -> Select[Product]:
    return select(Product).where(Product.slug == slug).execution_options(populate_existing=True)


def _one_product(session: Session, slug: str, products: Select[Product]) -> Product:
    product = session.scalars(products).one_or_none()
    if product is None:
        raise no_such_product(slug)
    return product
