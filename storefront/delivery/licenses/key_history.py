"""All that is known of one key: its order, what it may do, and who had it when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from storefront.core.db import db
from storefront.delivery.licenses.models import Activation, KeyEvent, License, PoolKey, RetiredKey
from storefront.delivery.licenses.named_license import unknown_key
from storefront.delivery.licenses.queries import get_sale, license_in_running_mode, pool_key_in_running_mode
from storefront.delivery.licenses.sealed import hashes_of
from storefront.orders.access import Access, item_access
from storefront.orders.upgrades import NOT_UPGRADED, find_upgraded, widest
from storefront.shop.catalog.models import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHistoryLine:
    """One line of who had the key when."""

    at: datetime
    what: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHistory:
    """`order_number` is None for a key that was never sold; `is_retired` is for one that another replaced."""

    key: str
    product: str
    order_number: str | None
    access: Access | None
    is_retired: bool
    withdrawn_at: datetime | None
    removed_at: datetime | None  # out of its pool: imported by mistake
    expires_at: datetime | None
    activation_limit: int | None
    upgraded_to: str | None  # an edition, while the upgrade counts
    devices: int
    custody: tuple[KeyHistoryLine, ...]


def get_key_history(key: str) -> KeyHistory:
    """Return all that is known of a key of the running mode: sold, in a pool, or replaced.

    Raises:
        NotFound: it was never here, or is mistyped.
    """
    hashes = hashes_of(key)
    for forms in (hashes.exact, hashes.normal):
        history = _find_history(key, forms)
        if history is not None:
            return history
    raise unknown_key(key)


def _find_history(key: str, forms: tuple[str, str]) -> KeyHistory | None:
    session = db.session()
    retired = session.scalars(select(RetiredKey).where(RetiredKey.key_hash.in_(forms))).first()
    named = License.id == retired.license_id if retired else License.key_hash.in_(forms)
    sold = session.scalars(select(License).where(named, license_in_running_mode())).first()
    pool_key = _find_pool_key(forms)
    if sold is not None:
        lines = _read_lines(sold, pool_key)
        return _sold(sold, lines, key=key.strip() if retired else sold.key, is_retired=retired is not None)
    return _unsold(pool_key) if pool_key is not None else None


def _find_pool_key(forms: tuple[str, str]) -> PoolKey | None:
    """Return the newest import of a key, one that was not removed before any that was."""
    imported = select(PoolKey).where(PoolKey.key_hash.in_(forms), pool_key_in_running_mode())
    newest = imported.order_by(PoolKey.removed_at.is_not(None), PoolKey.id.desc()).limit(1)
    return db.session.scalars(newest).one_or_none()


def _unsold(pool_key: PoolKey) -> KeyHistory:
    return KeyHistory(
        key=pool_key.key,
        product=db.session.get_one(Product, pool_key.product_id).name,
        order_number=None,
        access=None,
        is_retired=False,
        withdrawn_at=pool_key.withdrawn_at,
        removed_at=pool_key.removed_at,
        expires_at=None,
        activation_limit=None,
        upgraded_to=None,
        devices=0,
        custody=_read_lines(None, pool_key),
    )


def _sold(sold: License, lines: tuple[KeyHistoryLine, ...], *, key: str, is_retired: bool) -> KeyHistory:
    order, item, product = get_sale(db.session(), sold)
    upgraded = find_upgraded(db.session(), [item.id]).get(sold.grant_id, NOT_UPGRADED)
    devices = db.session.scalars(select(Activation.id).where(Activation.license_id == sold.id)).all()
    return KeyHistory(
        key=key,
        product=product.name,
        order_number=order.number,
        access=item_access(order, item),
        is_retired=is_retired,
        withdrawn_at=sold.withdrawn_at,
        removed_at=None,
        expires_at=sold.expires_at,
        activation_limit=widest(sold.activation_limit, upgraded.activation_limit),
        upgraded_to=upgraded.last.own_edition if upgraded.last else None,
        devices=len(devices),
        custody=lines,
    )


def _read_lines(sold: License | None, pool_key: PoolKey | None) -> tuple[KeyHistoryLine, ...]:
    about_key = [KeyEvent.pool_key_id == pool_key.id] if pool_key else []
    if sold:
        about_key.append(KeyEvent.license_id == sold.id)
    events = db.session.scalars(select(KeyEvent).where(or_(*about_key)).order_by(KeyEvent.at, KeyEvent.id))
    return tuple(KeyHistoryLine(at=event.at, what=event.what, detail=event.detail) for event in events)
