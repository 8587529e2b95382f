"""How a pool of imported keys stands, and what of it the owner has to see: low, very low, empty."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from storefront.core.config.settings import Mode
from storefront.core.db import db, transaction
from storefront.core.runtime import settings
from storefront.delivery.licenses.issue import UNSOLD
from storefront.delivery.licenses.models import License, PoolKey
from storefront.orders.access import access
from storefront.orders.after_sale import Notice
from storefront.orders.facts import FACT_COLUMNS, facts_of_row
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.orders.notices import NoticeDraft, NoticeKind, settle_notices
from storefront.shop.catalog.models import KeySource, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounts:
    """Of one product in one mode. `waiting` are keys that buyers may have and do not."""

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


def count_waiting(session: Session, mode: str, product_ids: Collection[int] | None = None) -> dict[int, int]:
    """Product id -> license keys that its buyers wait for. One statement, however many wait.

    Access is a rule in Python, so grants are counted by what that rule asks, and each group is asked once.
    """
    grants = (
        select(Grant.product_id, *FACT_COLUMNS)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .where(Grant.kind == GrantKind.LICENSE, License.id.is_(None), Order.mode == mode)
    )
    if product_ids is not None:
        grants = grants.where(Grant.product_id.in_(list(product_ids)))
    each = grants.subquery()
    rows = session.execute(select(*each.c, func.count().label("waiting")).group_by(*each.c))
    waiting: Counter[int] = Counter()
    for row in rows:
        if access(facts_of_row(row)).allowed:
            waiting[row.product_id] += row.waiting
    return dict(waiting)


def list_pools() -> list[PoolCounts]:
    """Return every pool of the running mode, as it stands now."""
    return count_pools(db.session(), settings().mode)


def count_pools(session: Session, mode: str, product_ids: Collection[int] | None = None) -> list[PoolCounts]:
    """Of all products with a pool, or of these. Two statements."""
    mine = (PoolKey.product_id == Product.id) & (PoolKey.mode == mode) & PoolKey.removed_at.is_(None)
    ask = select(
        Product.id.label("product_id"),
        Product.slug,
        Product.name,
        Product.pool_low_at.label("low_at"),
        Product.pool_very_low_at.label("very_low_at"),
        _count(mine).label("imported"),
        _count(mine & UNSOLD).label("unsold"),
        _count(mine & PoolKey.withdrawn_at.is_not(None)).label("withdrawn"),
    ).where(Product.key_source == KeySource.POOL, Product.grants_license)
    if product_ids is not None:
        ask = ask.where(Product.id.in_(list(product_ids)))
    rows = session.execute(ask.order_by(Product.slug)).mappings().all()
    waiting = count_waiting(session, mode, [row["product_id"] for row in rows])
    return [PoolCounts(**row, waiting=waiting.get(row["product_id"], 0)) for row in rows]


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(PoolKey).where(which).scalar_subquery()


def draft_notices(pools: Collection[PoolCounts], mode: str) -> list[NoticeDraft]:
    """Pure. A test shop that never imported keys has no pool to run dry.

    No text holds a count: every sale would change it, and sales would wait for each other at that row.
    """
    return [_draft_notice(each) for each in pools if _is_low(each) and (each.imported or mode == Mode.LIVE)]


def _is_low(pool: PoolCounts) -> bool:
    return pool.unsold <= max(pool.low_at, pool.very_low_at, 0)


def _draft_notice(pool: PoolCounts) -> NoticeDraft:
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
    return NoticeDraft(kind=NoticeKind.POOL_LOW, subject=f"{pool.slug}:{level}:{pool.imported}", text=text)


def settle_pool_notices(session: Session, mode: str, changed: Collection[int]) -> None:
    """After keys came or went of these products; inside the caller's transaction. Nothing when there are none."""
    if not changed:
        return
    products = session.scalars(select(Product).where(Product.id.in_(list(changed)))).all()
    low = [each.id for each in products if _sells_imported(each) and _is_running_low(session, each, mode)]
    wanted = draft_notices(count_pools(session, mode, low), mode) if low else []
    settle_notices(session, wanted, kinds=[NoticeKind.POOL_LOW], about=[f"{each.slug}:" for each in products])


def _sells_imported(product: Product) -> bool:
    return product.key_source is KeySource.POOL and product.grants_license


def _is_running_low(session: Session, product: Product, mode: str) -> bool:
    """Counts no further than the warning: a full pool would be counted at each of its sales."""
    enough = max(product.pool_low_at, product.pool_very_low_at, 0) + 1
    some = select(PoolKey.id).where(PoolKey.product_id == product.id, PoolKey.mode == mode, UNSOLD).limit(enough)
    return (session.scalar(select(func.count()).select_from(some.subquery())) or 0) < enough


def settle_stale_pool_notices(mode: str) -> None:
    """After orders closed or opened, which nobody tells the pools. A transaction only where a notice differs."""
    wanted = {draft.subject for draft in draft_notices(count_pools(db.session(), mode), mode)}
    known = db.session.execute(
        select(Notice.subject, Notice.closed_at)
        .where(Notice.mode == mode, Notice.kind == NoticeKind.POOL_LOW)
        .where(Notice.closed_at.is_(None) | Notice.is_closed_by_owner)
    ).all()
    is_over = any(row.closed_at is None and row.subject not in wanted for row in known)
    if is_over or wanted - {row.subject for row in known}:
        with transaction() as session:
            settle_notices(session, draft_notices(count_pools(session, mode), mode), kinds=[NoticeKind.POOL_LOW])
