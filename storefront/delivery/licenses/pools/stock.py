"""How many imported keys each product has left, and how many its buyers wait for."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Subquery, func, select
from sqlalchemy.orm import Session

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.delivery.licenses.models import License, PoolKey
from storefront.delivery.licenses.queries import UNSOLD, in_pool
from storefront.orders.access import access
from storefront.orders.facts import FACT_COLUMNS, facts_of_row
from storefront.orders.models import KEYLESS, Grant, GrantKind, Order, OrderItem
from storefront.shop.catalog.models import KeySource, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounts:
    """The pool of one product in one mode. `waiting` are keys that buyers may have and do not."""

    product_id: int
    slug: str
    name: str
    low_at: int
    very_low_at: int
    imported: int
    unsold: int
    withdrawn: int
    waiting: int

    @property
    def sold(self) -> int:
        return self.imported - self.unsold - self.withdrawn

    @property
    def is_low(self) -> bool:
        return self.unsold <= max(self.low_at, self.very_low_at, 0)


def list_pools() -> list[PoolCounts]:
    """Return every pool of the running mode, as it stands now."""
    return count_pools(db.session(), settings().mode)


def count_pools(session: Session, mode: str, product_ids: Collection[int] | None = None) -> list[PoolCounts]:
    """Count the pools of all products that have one, or of these. Two statements."""
    pool = in_pool(Product.id, mode) & PoolKey.removed_at.is_(None)
    products = select(
        Product.id.label("product_id"),
        Product.slug,
        Product.name,
        Product.pool_low_at.label("low_at"),
        Product.pool_very_low_at.label("very_low_at"),
        _count(pool).label("imported"),
        _count(pool & UNSOLD).label("unsold"),
        _count(pool & PoolKey.withdrawn_at.is_not(None)).label("withdrawn"),
    ).where(Product.key_source == KeySource.POOL, Product.grants_license)
    if product_ids is not None:
        products = products.where(Product.id.in_(list(product_ids)))
    rows = session.execute(products.order_by(Product.slug)).mappings().all()
    waiting = count_waiting(session, mode, [row["product_id"] for row in rows])
    return [PoolCounts(**row, waiting=waiting.get(row["product_id"], 0)) for row in rows]


def count_waiting(session: Session, mode: str, product_ids: Collection[int] | None = None) -> dict[int, int]:
    """Return by product id how many license keys its buyers wait for. One statement, however many wait.

    Access is a rule in Python, so grants are counted by what that rule asks, and each group is asked once.
    """
    grants = _keyless_grants(product_ids)
    groups = session.execute(select(*grants.c, func.count().label("waiting")).group_by(*grants.c))
    waiting: Counter[int] = Counter()
    for group in groups:
        if group.mode == mode and access(facts_of_row(group)).allowed:
            waiting[group.product_id] += group.waiting
    return dict(waiting)


def _keyless_grants(product_ids: Collection[int] | None) -> Subquery:
    """Select what the access rule asks of each license grant without a license.

    Of every mode: asked for one, SQLite begins with all of its orders.
    """
    grants = (
        select(Grant.product_id, Order.mode, *FACT_COLUMNS)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .where(KEYLESS, Grant.kind == GrantKind.LICENSE, License.id.is_(None))
    )
    if product_ids is not None:
        grants = grants.where(Grant.product_id.in_(list(product_ids)))
    return grants.subquery()


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(PoolKey).where(which).scalar_subquery()
