"""The licenses, imported keys and waiting grants that others ask for. Mode is asked here, once for each table."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.delivery.licenses.models import License, PoolKey, RetiredKey
from storefront.delivery.licenses.sealed import hashes_of
from storefront.orders.models import Grant, GrantKind, ItemPart, Order, OrderItem
from storefront.orders.queries import part_of_grant
from storefront.shop.catalog.models import Product

# An imported key that can be sold.
UNSOLD = PoolKey.grant_id.is_(None) & PoolKey.withdrawn_at.is_(None) & PoolKey.removed_at.is_(None)


def license_in_running_mode() -> ColumnElement[bool]:
    return License.mode == settings().mode


def select_sold_licenses(*columns: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401 - columns of SQLAlchemy
    """Select columns of the running mode's licenses, with the grants, items and orders they were sold with."""
    return (
        select(*columns)
        .select_from(License)
        .join(Grant, Grant.id == License.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(license_in_running_mode())
    )


def pool_key_in_running_mode() -> ColumnElement[bool]:
    return PoolKey.mode == settings().mode


def in_pool(product_id: int | InstrumentedAttribute[int], mode: str) -> ColumnElement[bool]:
    """Select the keys that were imported for a product: sold ones too, and those that were removed."""
    return (PoolKey.product_id == product_id) & (PoolKey.mode == mode)


def count_unsold(session: Session, product_id: int, mode: str) -> int:
    return session.scalar(select(func.count(PoolKey.id)).where(in_pool(product_id, mode), UNSOLD)) or 0


def select_keyless_grants() -> Select[Grant, OrderItem, Order, Product, ItemPart]:
    """Select license grants without a license, oldest first, to be narrowed by the caller. Few have a part."""
    return (
        select(Grant, OrderItem, Order, Product, ItemPart)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .join(Product, Product.id == Grant.product_id)
        .outerjoin(ItemPart, part_of_grant())
        .outerjoin(License, License.grant_id == Grant.id)
        .where(Grant.kind == GrantKind.LICENSE, License.id.is_(None))
        .order_by(Grant.id)
    )


def find_license_row(session: Session, key: str, *, is_locked: bool = False) -> License | None:
    """Return the license of a key as it is written, or else of one of ours in another spelling."""
    hashes = hashes_of(key)
    licenses = (
        select(License)
        .where(License.key_hash.in_(hashes.all), license_in_running_mode())
        .order_by(License.key_hash.not_in(hashes.exact))
        .execution_options(populate_existing=True)
    )
    return session.scalars(licenses.with_for_update() if is_locked else licenses).first()


def get_key_in_order(number: str, license_id: int) -> tuple[str, int]:
    """Return the key that a license of this order has now, and its generation: how many keys it has had.

    Raises:
        NotFound: the order has no such license, in the running mode.
    """
    named = select_sold_licenses(License.key, License.generation).where(
        License.id == license_id, Order.number == number
    )
    row = db.session.execute(named).first()
    if row is None:
        raise NotFound(f"Order {number} has no such key.")
    return row.key, row.generation


def find_retired_key(session: Session, key: str) -> RetiredKey | None:
    """Return what is known of a replaced key, as it is written, or else in another spelling."""
    for key_hash in hashes_of(key).all:
        retired = session.get(RetiredKey, key_hash)
        if retired is not None:
            return retired
    return None


def get_sale(session: Session, license: License) -> tuple[Order, OrderItem, Product]:  # noqa: A002 - the field's word
    """Return the order, the item and the product that a license was sold with."""
    row = session.execute(
        select(Order, OrderItem, Product)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .join(Product, Product.id == Grant.product_id)
        .where(Grant.id == license.grant_id)
    ).one()
    return row.Order, row.OrderItem, row.Product
