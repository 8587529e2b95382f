"""Finds products, prices and releases by what people call them, for the shop, its commands and its pages."""

from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from storefront.core.errors import NotFound
from storefront.shop.catalog.models import FOR_SALE, Edition, Price, Product, ProductAlias, Release
from storefront.shop.profile.models import THE_ONE, ShopProfile

_EARLIER = aliased(Price)
_PROFILE = ShopProfile.__table__.c
WHERE_PRODUCTS_ARE = "`storefront products list` shows what there is."


def no_such_product(slug: str, *, hint: str = WHERE_PRODUCTS_ARE) -> NotFound:
    """Return the error of everything that looks a product up by its slug."""
    return NotFound(f"There is no product {slug}. {hint}".rstrip())


def find_product_id(session: Session, slug: str) -> int | None:
    """Return the id of a product in whatever state, by its slug or one that it had."""
    return session.scalar(select(Product.id).where(is_called(slug)))


def get_product_id(session: Session, slug: str) -> int:
    """Return the id of a product in whatever state, by its slug or one that it had.

    Raises:
        NotFound: no such product.
    """
    product_id = find_product_id(session, slug)
    if product_id is None:
        raise no_such_product(slug)
    return product_id


def get_product(session: Session, slug: str) -> Product:
    """Return a product as committed now, in whatever state, by its slug or one that it had.

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


def is_called(slug: str) -> ColumnElement[bool]:
    """Select the product of this slug. A slug that a product had before finds it too: no other may take it."""
    alias = select(ProductAlias.product_id).where(ProductAlias.slug == slug).scalar_subquery()
    return or_(Product.slug == slug, Product.id == alias)


def find_edition(session: Session, product_id: int, name: str) -> Edition | None:
    """Return the edition of this key, or else the one that is for sale under this name."""
    editions = (
        select(Edition)
        .where(Edition.product_id == product_id, or_(Edition.key == name, Edition.name == name))
        .order_by(Edition.key != name, Edition.is_active.desc(), Edition.position, Edition.id)
        .execution_options(populate_existing=True)
    )
    return session.scalars(editions).first()


def select_editions(product_id: int) -> Select[Edition]:
    """Select the editions of a product in the owner's order, also those that are switched off."""
    return (
        select(Edition).where(Edition.product_id == product_id).order_by(Edition.position, Edition.id)
    ).execution_options(populate_existing=True)


def select_active_prices(product_id: int, *, is_main_first: bool = True) -> Select[Price, Edition]:
    """Select what a product is sold for now, in the owner's order of editions.

    `is_main_first` False: before the shop's main currency comes the one that an edition had a price in first.
    """
    order = () if is_main_first else (_first_priced() != _first_price(),)
    return (
        select(Price, Edition)
        .join(Edition, Edition.id == Price.edition_id)
        .where(Edition.product_id == product_id, Edition.is_active, Price.is_active)
        .order_by(Edition.position, Edition.id, *order, by_currency())
    )


def by_currency() -> ColumnElement[int]:
    """Order prices by currency: the shop's main one first, the others as their editions got them.

    A changed price is a new row, and keeps its currency's place. What owners of another edition pay to upgrade
    says nothing of when this one was first sold.
    """
    main = select(_PROFILE.main_currency).where(_PROFILE.id == THE_ONE).scalar_subquery()
    return case((Price.currency == main, 0), else_=_first_priced())  # ids begin at 1


def _first_priced() -> ScalarSelect[int]:
    """Return the id of the first price that its edition had in its currency."""
    return _first_price(_EARLIER.currency == Price.currency)


def _first_price(*which: ColumnElement[bool]) -> ScalarSelect[int]:
    """Return the id of the first price that its edition had, of these."""
    return (
        select(func.min(_EARLIER.id))
        .where(_EARLIER.edition_id == Price.edition_id, _EARLIER.upgrades_from_id.is_(None), *which)
        .correlate(Price)
        .scalar_subquery()
    )


def new_at() -> ColumnElement[datetime]:
    """Select since when a product has been new to visitors, as `Product.new_at` says of one."""
    return func.coalesce(Product.first_listed_at, Product.created_at)


def is_for_sale() -> ColumnElement[bool]:
    """Select prices that can be bought, of a join of prices, editions and products."""
    return Price.is_active & Edition.is_active & Product.state.in_(FOR_SALE)


def find_release(session: Session, product_id: int, version: str, *, is_locked: bool = False) -> Release | None:
    """Return a release as committed now, in whatever state it is."""
    release = select(Release).where(Release.product_id == product_id, Release.version == version)
    release = release.execution_options(populate_existing=True)
    return session.scalars(release.with_for_update() if is_locked else release).one_or_none()


def _select_product(slug: str) -> Select[Product]:
    return select(Product).where(is_called(slug)).execution_options(populate_existing=True)


def _one_product(session: Session, slug: str, products: Select[Product]) -> Product:
    product = session.scalars(products).one_or_none()
    if product is None:
        raise no_such_product(slug)
    return product
