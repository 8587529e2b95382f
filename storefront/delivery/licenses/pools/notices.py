"""Tells the owner of pools that run dry: low, very low, empty, and buyers who wait."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.core.config.settings import Mode
from storefront.core.db import db, transaction
from storefront.delivery.licenses.models import PoolKey
from storefront.delivery.licenses.pools.stock import PoolCounts, count_pools
from storefront.delivery.licenses.queries import UNSOLD, in_pool
from storefront.orders.after_sale import Notice
from storefront.orders.notices import NoticeDraft, NoticeKind, settle_notices
from storefront.shop.catalog.models import KeySource, Product


def settle_pool_notices(session: Session, mode: str, changed: Collection[int]) -> None:
    """Open and close the notices of these products after keys came or went; inside the caller's transaction.

    `changed` are product ids; without any, nothing is asked.
    """
    if not changed:
        return
    products = session.scalars(select(Product).where(Product.id.in_(list(changed)))).all()
    low = [product.id for product in products if _is_running_low(session, product, mode)]
    wanted = _draft_notices(count_pools(session, mode, low), mode) if low else []
    about = [f"{product.slug}:" for product in products]
    settle_notices(session, wanted, kinds=[NoticeKind.POOL_LOW], about=about, forgets_done=True)


def settle_stale_pool_notices(mode: str) -> None:
    """Open and close notices after orders closed or opened, which nobody tells the pools.

    A transaction is opened only where a notice differs.
    """
    if _has_stale_notices(mode):
        with transaction() as session:
            settle_notices(session, _draft_low(session, mode), kinds=[NoticeKind.POOL_LOW], forgets_done=True)


def _has_stale_notices(mode: str) -> bool:
    """Return whether a notice is open, or done, that nobody wants, or one that is wanted is neither."""
    wanted = {draft.subject for draft in _draft_low(db.session(), mode)}
    known = db.session.scalars(
        select(Notice.subject)
        .where(Notice.mode == mode, Notice.kind == NoticeKind.POOL_LOW)
        .where(Notice.closed_at.is_(None) | Notice.is_closed_by_owner)
    )
    return set(known) != wanted


def _draft_low(session: Session, mode: str) -> list[NoticeDraft]:
    """Return the notices that all pools want. Full ones are not counted: they may hold a million keys."""
    pools = session.scalars(select(Product).where(Product.key_source == KeySource.POOL)).all()
    low = [product.id for product in pools if _is_running_low(session, product, mode)]
    return _draft_notices(count_pools(session, mode, low), mode) if low else []


def _is_running_low(session: Session, product: Product, mode: str) -> bool:
    """Count no further than the warning: a full pool would be counted at each of its sales."""
    if product.key_source is not KeySource.POOL or not product.grants_license:
        return False
    enough = max(product.pool_low_at, product.pool_very_low_at, 0) + 1
    some = select(PoolKey.id).where(in_pool(product.id, mode), UNSOLD).limit(enough)
    return (session.scalar(select(func.count()).select_from(some.subquery())) or 0) < enough


def _draft_notices(pools: Collection[PoolCounts], mode: str) -> list[NoticeDraft]:
    """Return a notice for each low pool. A test shop that never imported keys has no pool to run dry."""
    return [_draft_notice(pool) for pool in pools if pool.is_low and (pool.imported or mode == Mode.LIVE)]


def _draft_notice(pool: PoolCounts) -> NoticeDraft:
    level, text = _level(pool)
    # With the number imported: what the owner called done before an import may be wanted again after it.
    return NoticeDraft(
        kind=NoticeKind.POOL_LOW,
        subject=f"{pool.slug}:{level}:{pool.imported}",
        text=f"{text} Bring more: `storefront keys import {pool.slug} FILE`.",
    )


def _level(pool: PoolCounts) -> tuple[str, str]:
    """Return a stable word, and a sentence.

    No sentence holds a count: every sale would change it, and sales would wait for each other at that row.
    """
    if not pool.unsold and pool.waiting:
        return "waiting", f"Buyers of {pool.name} paid and wait for a license key: there is none left."
    if not pool.unsold:
        return "empty", f"The last license key of {pool.name} is sold."
    if pool.unsold <= pool.very_low_at:
        return "very_low", f"{pool.name} has only {_keys(pool.very_low_at)} left, or fewer."
    return "low", f"{pool.name} has {_keys(pool.low_at)} left, or fewer."


def _keys(count: int) -> str:
    return "1 license key" if count == 1 else f"{count} license keys"
