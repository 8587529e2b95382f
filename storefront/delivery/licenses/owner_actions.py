"""What an owner does to one key: replace it, withdraw it, give it back."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from storefront.audit.record import reason_field, record
from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.delivery.licenses.issue import HashedKey, generate_key, mark_handed_out, take_from_pool
from storefront.delivery.licenses.keys import hint
from storefront.delivery.licenses.models import Activation, KeyEvent, KeyEventKind, License, PoolKey, RetiredKey
from storefront.delivery.licenses.named_license import lock_named_license
from storefront.delivery.licenses.pools.notices import settle_pool_notices
from storefront.delivery.licenses.queries import get_sale, pool_key_in_running_mode
from storefront.delivery.licenses.sealed import hashes_of
from storefront.mail.models import NOT_LEFT, MailKind, MailState, OutboxMessage
from storefront.orders.access import item_access
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.emails import promise_for, resume_mails
from storefront.orders.gift_models import Gift
from storefront.orders.models import Order, OrderItem
from storefront.shop.catalog.models import Product
from storefront.shop.editor.product_settings import TEST_PREFIX


class PoolEmpty(StorefrontError):
    code = "pool_empty"
    status = 409
    title = "There is no key left"


class OrderClosed(StorefrontError):
    code = "order_closed"
    status = 409
    title = "This order is closed"


class LicenseExpired(StorefrontError):
    code = "license_expired"
    status = 409
    title = "This license has expired"


class NobodyToTell(StorefrontError):
    code = "nobody_to_tell"
    status = 409
    title = "Nobody would get the new key"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedKey:
    """`was_withdrawn`: the old key was, and the new one works.

    `email` is whose the key is, empty where no address is known; `is_emailed` is False there, and before a gift's
    day: the gift itself brings the key then.
    """

    order_number: str
    product: str
    email: str
    is_emailed: bool
    old_hint: str
    key: str
    devices_removed: int
    was_withdrawn: bool


def replace_key(reference: str, *, because: str = "", by_hand: bool = False) -> ReplacedKey:
    """Give a license a new key; the old one is known as replaced for ever, and an email brings the new one.

    Devices go with the old key, since whoever found it may use it, and license files with it are void. A key that
    was withdrawn works again: it is the new one that does. `reference` is a key, or the number of an order.
    `by_hand`: also where no email can bring it, since who asks sees the new key and hands it on.

    Raises:
        NotFound, SeveralKeys: the reference names no key, or several.
        KeyReplaced: it names a key that was replaced already.
        OrderClosed: it was refunded or withdrawn: there is nothing to replace.
        LicenseExpired: a new key would not work either.
        NobodyToTell: no address is known, and it is not done by hand.
        PoolEmpty: its keys are imported ones, and none is left.
    """
    with transaction() as session:
        sold = lock_named_license(session, reference)
        order, item, product = get_sale(session, sold)
        _check_replaceable(sold, order, item)
        email, is_emailed = _find_reader(session, order)
        if not email and not by_hand:
            raise _nobody_to_tell(order)
        was_withdrawn = sold.withdrawn_at is not None
        old_key, old_hash = sold.key, sold.key_hash
        _set_key(sold, _next_key(session, sold, product))
        session.add(RetiredKey(key_hash=old_hash, license_id=sold.id, hint=hint(old_key)))
        devices_removed = _remove_devices(session, sold)
        session.add(KeyEvent(what=KeyEventKind.REPLACED, license_id=sold.id, detail=_detail(old_key, because)))
        add_change(session, order.id, ChangeKind.KEY_REPLACED, _detail(old_key, because))
        if is_emailed:
            _promise_email(session, sold, order, old_hash)
        if was_withdrawn:
            resume_mails(session, order)
        replaced = ReplacedKey(
            order_number=order.number,
            product=product.name,
            email=email,
            is_emailed=is_emailed,
            old_hint=hint(old_key),
            key=sold.key,
            devices_removed=devices_removed,
            was_withdrawn=was_withdrawn,
        )
        _record_replaced(session, replaced, because)
    nudge("outbox")
    return replaced


def _find_reader(session: Session, order: Order) -> tuple[str, bool]:
    """Return who the new key goes to, and whether an email brings it there now: a gift waits for its day."""
    if not order.is_gift:
        return order.email, bool(order.email)
    read = select(Gift.email, Gift.handed_over_at).where(Gift.order_id == order.id)
    gift = session.execute(read.with_for_update(read=True)).one()  # it may be given to somebody else right now
    return gift.email, bool(gift.email) and gift.handed_over_at is not None


def _nobody_to_tell(order: Order) -> NobodyToTell:
    """Say why, and what helps: pages show no key whole, so only the command can be done by hand."""
    by_hand = f"`storefront keys replace {order.number} --by-hand` shows the new key, for you to hand on."
    if order.is_gift:
        why = f"Nobody knows whom order {order.number} is for: the address was erased or lost."
        return NobodyToTell(f"{why} Correct whom the gift is for first. {by_hand}")
    if order.erased_at is not None:
        why = f"Order {order.number} has no address any more: its buyer had it erased."
        return NobodyToTell(f"{why} A key that leaked can be withdrawn. {by_hand}")
    return NobodyToTell(f"Order {order.number} has no address. Send it to one first. {by_hand}")


def _record_replaced(session: Session, replaced: ReplacedKey, because: str) -> None:
    record(
        session,
        "key.replaced",
        subject_kind="key",
        subject=replaced.old_hint,
        before={"key": replaced.old_hint},
        after={
            "key": hint(replaced.key),
            "order": replaced.order_number,
            "devices_removed": replaced.devices_removed,
        }
        | reason_field(because),
    )


def withdraw_key(key: str, *, because: str = "") -> str:
    """Stop this key alone, sold or not; its order stays as it is. Safe to repeat. Returns its hint."""
    return _set_withdrawn(key, is_withdrawn=True, because=because)


def restore_key(key: str) -> str:
    """Let a withdrawn key work again, on the same devices, and let the emails leave that were to bring it.

    Safe to repeat. Returns its hint.
    """
    restored = _set_withdrawn(key, is_withdrawn=False, because="")
    nudge("outbox")
    return restored


def _check_replaceable(sold: License, order: Order, item: OrderItem) -> None:
    allowed = item_access(order, item)
    if not allowed.allowed:
        raise OrderClosed(f"Order {order.number} is closed: {allowed.sentence}")
    if sold.expires_at is not None and sold.expires_at <= clock.now():
        raise LicenseExpired(
            f"This license expired on {sold.expires_at:%Y-%m-%d}: a new key would not work either."
        )


def _next_key(session: Session, sold: License, product: Product) -> HashedKey:
    """Return a key of the kind that the license has, whatever the product sells by now."""
    imported = select(PoolKey.id).where(PoolKey.grant_id == sold.grant_id, PoolKey.key_hash.in_(_same(sold)))
    if session.scalar(imported) is not None:
        return _take_imported_key(session, sold, product)
    is_test_key = sold.key.startswith(f"{TEST_PREFIX}-")
    return generate_key(TEST_PREFIX if is_test_key else product.license_prefix)


def _same(sold: License) -> tuple[str, ...]:
    """Return under what an imported key of this license is kept: pools are sealed before what was sold."""
    return (sold.key_hash, *hashes_of(sold.key).all)


def _take_imported_key(session: Session, sold: License, product: Product) -> HashedKey:
    pool_keys = take_from_pool(session, product.id, sold.mode, 1)
    if not pool_keys:
        raise PoolEmpty(f"No key of {product.name} is left: `storefront keys import {product.slug} FILE` first.")
    mark_handed_out(session, {pool_keys[0].pool_key_id: sold.grant_id})
    session.add(
        KeyEvent(
            what=KeyEventKind.HANDED_OUT,
            pool_key_id=pool_keys[0].pool_key_id,
            license_id=sold.id,
            detail="for a replaced key",
        )
    )
    settle_pool_notices(session, sold.mode, [product.id])
    return pool_keys[0]


def _set_key(sold: License, key: HashedKey) -> None:
    sold.key, sold.key_hash = key.key, key.key_hash
    sold.withdrawn_at = None
    sold.generation += 1


def _remove_devices(session: Session, sold: License) -> int:
    """Return how many there were."""
    removed = session.scalars(
        delete(Activation)
        .where(Activation.license_id == sold.id)
        .returning(Activation.id)
        .execution_options(synchronize_session=False)
    )
    return len(removed.all())


def _promise_email(session: Session, sold: License, order: Order, old_hash: str) -> None:
    """Promise an email with the new key, in place of older ones: they would tell the newest key twice."""
    older = (
        OutboxMessage.kind == MailKind.KEY_REPLACED,
        OutboxMessage.about == str(sold.id),
        OutboxMessage.state.in_(NOT_LEFT),
    )
    values = {"state": MailState.CANCELED, "last_error": "a newer key took its place"}
    session.execute(update(OutboxMessage).where(*older).values(**values))
    promise_for(session, order, MailKind.KEY_REPLACED, about=str(sold.id), again=old_hash[-12:])


def _set_withdrawn(key: str, *, is_withdrawn: bool, because: str) -> str:
    with transaction() as session:
        withdrawable = _lock_unsold_key(session, key) or lock_named_license(session, key)
        if (withdrawable.withdrawn_at is not None) is is_withdrawn:
            return hint(withdrawable.key)
        withdrawable.withdrawn_at = clock.now() if is_withdrawn else None
        if isinstance(withdrawable, PoolKey):
            _record_unsold(session, withdrawable, because)
        else:
            _record_sold(session, withdrawable, because)
        return hint(withdrawable.key)


def _lock_unsold_key(session: Session, key: str) -> PoolKey | None:
    return session.scalars(
        select(PoolKey)
        .where(PoolKey.key_hash.in_(hashes_of(key).exact), pool_key_in_running_mode())
        .where(PoolKey.grant_id.is_(None), PoolKey.removed_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _record_unsold(session: Session, pool_key: PoolKey, because: str) -> None:
    session.add(KeyEvent(what=_event_kind(pool_key), pool_key_id=pool_key.id, detail=because))
    settle_pool_notices(session, pool_key.mode, [pool_key.product_id])
    slug = session.get_one(Product, pool_key.product_id).slug
    _record_changed(session, pool_key, {"product": slug} | reason_field(because))


def _record_sold(session: Session, sold: License, because: str) -> None:
    is_restored = sold.withdrawn_at is None
    order, _item, _product = get_sale(session, sold)
    session.add(KeyEvent(what=_event_kind(sold), license_id=sold.id, detail=because))
    change = ChangeKind.KEY_RESTORED if is_restored else ChangeKind.KEY_WITHDRAWN
    add_change(session, order.id, change, _detail(sold.key, because))
    _record_changed(session, sold, {"order": order.number} | reason_field(because))
    if is_restored:
        resume_mails(session, order)


def _record_changed(session: Session, changed: PoolKey | License, after: dict[str, str]) -> None:
    verb = f"key.{_event_kind(changed).value}"
    record(session, verb, subject_kind="key", subject=hint(changed.key), after=after)


def _event_kind(changed: PoolKey | License) -> KeyEventKind:
    return KeyEventKind.RESTORED if changed.withdrawn_at is None else KeyEventKind.WITHDRAWN


def _detail(key: str, because: str) -> str:
    return f"{hint(key)}: {because}" if because else hint(key)
