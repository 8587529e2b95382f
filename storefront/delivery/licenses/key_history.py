"""All that is known of one key: its order, what it may do, and who had it when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.delivery.licenses.keys import hashes_of
from storefront.delivery.licenses.models import Activation, KeyEvent, License, PoolKey, RetiredKey
from storefront.delivery.licenses.owner_actions import get_sale, unknown_key
from storefront.orders.access import Access, item_access
from storefront.shop.catalog.models import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHistoryLine:
    """One line of who had the key when."""

    at: datetime
    what: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHistory:
    """`order_number` is None for a key that was never sold; `is_retired` for one that another replaced."""

    key: str
    product: str
    order_number: str | None
    access: Access | None
    is_retired: bool
    withdrawn_at: datetime | None
    removed_at: datetime | None  # out of its pool: imported by mistake
    expires_at: datetime | None
    activation_limit: int | None
    devices: int
    custody: tuple[KeyHistoryLine, ...]


def get_key_history(key: str) -> KeyHistory:
    """All that is known of a key of the running mode: sold, in a pool, or replaced.

    Raises:
        NotFound: it was never here, or is mistyped.
    """
    for key_hash in hashes_of(key):
        history = _find_history(key, key_hash)
        if history is not None:
            return history
    raise unknown_key(key)


def _find_history(key: str, key_hash: str) -> KeyHistory | None:
    session, mode = db.session(), settings().mode
    retired = session.get(RetiredKey, key_hash)
    where = License.id == retired.license_id if retired else License.key_hash == key_hash
    found = session.scalars(select(License).where(where, License.mode == mode)).one_or_none()
    imported = select(PoolKey).where(PoolKey.key_hash == key_hash, PoolKey.mode == mode)
    newest = imported.order_by(PoolKey.removed_at.is_not(None), PoolKey.id.desc()).limit(1)
    pool_key = session.scalars(newest).one_or_none()
    if found is not None:
        custody = _read_custody(found, pool_key)
        return _sold(found, custody, key=key.strip() if retired else found.key, is_retired=retired is not None)
    if pool_key is None:
        return None
    return KeyHistory(
        key=pool_key.key,
        product=session.get_one(Product, pool_key.product_id).name,
        order_number=None,
        access=None,
        is_retired=False,
        withdrawn_at=pool_key.withdrawn_at,
        removed_at=pool_key.removed_at,
        expires_at=None,
        activation_limit=None,
        devices=0,
        custody=_read_custody(None, pool_key),
    )


def _read_custody(found: License | None, pool_key: PoolKey | None) -> tuple[KeyHistoryLine, ...]:
    mine = [KeyEvent.pool_key_id == pool_key.id] if pool_key else []
    if found:
        mine.append(KeyEvent.license_id == found.id)
    events = db.session.scalars(select(KeyEvent).where(or_(*mine)).order_by(KeyEvent.at, KeyEvent.id))
    return tuple(KeyHistoryLine(at=each.at, what=each.what, detail=each.detail) for each in events)


def _sold(found: License, custody: tuple[KeyHistoryLine, ...], *, key: str, is_retired: bool) -> KeyHistory:
    order, item, product = get_sale(db.session(), found)
    devices = db.session.scalars(select(Activation.id).where(Activation.license_id == found.id)).all()
    return KeyHistory(
        key=key,
        product=product.name,
        order_number=order.number,
        access=item_access(order, item),
        is_retired=is_retired,
        withdrawn_at=found.withdrawn_at,
        removed_at=None,
        expires_at=found.expires_at,
        activation_limit=found.activation_limit,
        devices=len(devices),
        custody=custody,
    )
