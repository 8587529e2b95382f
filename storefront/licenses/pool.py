"""How a pool of imported keys stands, and what of it the owner has to see: low, very low, empty."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from storefront.catalog.models import KeySource, Product
from storefront.config import Mode
from storefront.licenses.models import License, PoolKey
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.orders.notices import Concern, settle_notices

POOL_LOW = "pool_low"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounts:
    """Of one product in one mode. `waiting` are grants without a key, whatever their order's state."""

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


def count_pools(session: Session, mode: str, product_ids: Collection[int] | None = None) -> list[PoolCounts]:
    """Of all products with a pool, or of these. One statement."""
    mine = (PoolKey.product_id == Product.id) & (PoolKey.mode == mode)
    waiting = (
        select(func.count())
        .select_from(Grant)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .where(
            Grant.product_id == Product.id,
            Grant.kind == GrantKind.LICENSE,
            License.id.is_(None),
            Order.mode == mode,
        )
        .scalar_subquery()
    )
    is_unsold = PoolKey.grant_id.is_(None) & PoolKey.withdrawn_at.is_(None)
    ask = select(
        Product.id.label("product_id"),
        Product.slug,
        Product.name,
        Product.pool_low_at.label("low_at"),
        Product.pool_very_low_at.label("very_low_at"),
        _count(mine).label("imported"),
        _count(mine & is_unsold).label("unsold"),
        _count(mine & PoolKey.withdrawn_at.is_not(None)).label("withdrawn"),
        waiting.label("waiting"),
    ).where(Product.key_source == KeySource.POOL, Product.grants_license)
    if product_ids is not None:
        ask = ask.where(Product.id.in_(list(product_ids)))
    return [PoolCounts(**row) for row in session.execute(ask.order_by(Product.slug)).mappings()]


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(PoolKey).where(which).scalar_subquery()


def find_concerns(pools: Collection[PoolCounts], mode: str) -> list[Concern]:
    """Pure. A test shop that never imported keys has no pool to run dry.

    No text holds a count: every sale would change it, and sales would wait for each other at that row.
    """
    return [_concern(each) for each in pools if _is_low(each) and (each.imported or mode == Mode.LIVE)]


def _is_low(pool: PoolCounts) -> bool:
    return pool.unsold <= max(pool.low_at, pool.very_low_at, 0)


def _concern(pool: PoolCounts) -> Concern:
    what = f"Bring more: `storefront keys import {pool.slug} FILE`."
    if pool.waiting and not pool.unsold:
        level, text = (
            "waiting",
            f"Buyers of {pool.name} paid and wait for a license key: there is none left. {what}",
        )
    elif not pool.unsold:
        level, text = "empty", f"The last license key of {pool.name} is sold. {what}"
    elif pool.unsold <= pool.very_low_at:
        level, text = "very_low", f"{pool.name} has only {pool.very_low_at} license keys left, or fewer. {what}"
    else:
        level, text = "low", f"{pool.name} has {pool.low_at} license keys left, or fewer. {what}"
    # With the number imported: what the owner called done before an import may be wanted again after it.
    return Concern(kind=POOL_LOW, subject=f"{pool.slug}:{level}:{pool.imported}", text=text)


def settle_pools(session: Session, mode: str, changed: Collection[int]) -> None:
    """After keys came or went of these products; inside the caller's transaction. Nothing when there are none."""
    if changed:
        settle_notices(session, find_concerns(count_pools(session, mode), mode), kinds=[POOL_LOW])
