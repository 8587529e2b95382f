"""What an owner does to one key: replace it, withdraw it, give it back."""

import re
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.delivery.licenses.issue import mark_handed_out, take_from_pool
from storefront.delivery.licenses.keys import hash_exact, hash_key, hashes_of, hint, is_well_formed, new_key
from storefront.delivery.licenses.models import Activation, KeyEvent, License, PoolKey, RetiredKey
from storefront.delivery.licenses.pools.stock import settle_pool_notices
from storefront.mail.models import NOT_LEFT, MailKind, MailState, OutboxMessage
from storefront.orders.access import item_access
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.emails import promise_for, resume_mails
from storefront.orders.models import Grant, Order, OrderItem
from storefront.shop.catalog.models import Product
from storefront.shop.catalog.product_settings import TEST_PREFIX

ORDER_NUMBER = re.compile(r"[A-Za-z0-9]{8}")


class PoolEmpty(StorefrontError):
    code = "pool_empty"
    status = 409
    title = "There is no key left"


class SeveralKeys(StorefrontError):
    code = "several_keys"
    status = 409
    title = "This order has several keys"


class OrderClosed(StorefrontError):
    code = "order_closed"
    status = 409
    title = "This order is closed"


class LicenseExpired(StorefrontError):
    code = "license_expired"
    status = 409
    title = "This license has expired"


class KeyReplaced(StorefrontError):
    code = "key_replaced"
    status = 409
    title = "This key was replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """`was_withdrawn`: the old key was, and the new one works."""

    order_number: str
    product: str
    email: str
    old_hint: str
    key: str
    devices_removed: int
    was_withdrawn: bool


def unknown_key(key: str) -> NotFound:
    if is_well_formed(key):
        return NotFound(f"There is no such key in {settings().mode} mode.")
    return NotFound(
        "There is no such key. One that the shop made has a wrong letter: compare it letter by letter. "
        "An imported one counts exactly as it is written."
    )


def find_license_row(session: Session, key: str, mode: str, *, is_locked: bool = False) -> License | None:
    """By the key as it is written, or else one of ours in another spelling."""
    exact, normal = hashes_of(key)
    ask = select(License).where(License.key_hash.in_((exact, normal)), License.mode == mode)
    ask = ask.order_by(License.key_hash != exact).execution_options(populate_existing=True)
    return session.scalars(ask.with_for_update() if is_locked else ask).first()


def find_retired_key(session: Session, key: str) -> RetiredKey | None:
    """Likewise."""
    return next((row for each in hashes_of(key) if (row := session.get(RetiredKey, each)) is not None), None)


def _not_found(session: Session, key: str) -> StorefrontError:
    """A key that was replaced is known for ever: then when, and in which order."""
    retired = find_retired_key(session, key)
    found = session.get(License, retired.license_id) if retired else None
    if retired is None or found is None or found.mode != settings().mode:
        return unknown_key(key)
    order, _item, _product = get_sale(session, found)
    return KeyReplaced(
        f"This key was replaced on {retired.retired_at:%Y-%m-%d} by another one of order {order.number}. "
        f"`storefront orders show {order.number} --keys` shows that one."
    )


def _lock_license(session: Session, reference: str) -> License:
    """By the key, or by the number of an order that has one key."""
    mode = settings().mode
    found = find_license_row(session, reference, mode, is_locked=True)
    if found is not None:
        return found
    if not ORDER_NUMBER.fullmatch(reference.strip()):
        raise _not_found(session, reference)
    licenses = session.scalars(
        select(License)
        .join(Grant, Grant.id == License.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.number == reference.strip().upper(), Order.mode == mode)
        .with_for_update(of=License)
        .execution_options(populate_existing=True)
    ).all()
    if find_retired_key(session, reference) is not None:
        raise _not_found(session, reference)
    if not licenses:
        raise NotFound(f"There is no key and no order with a key called {reference.strip()}.")
    if len(licenses) > 1:
        raise SeveralKeys(
            f"Order {reference.strip().upper()} has {len(licenses)} keys: name the key itself. "
            "`storefront orders show --keys` lists them."
        )
    return licenses[0]


def get_sale(session: Session, license: License) -> tuple[Order, OrderItem, Product]:  # noqa: A002 - the field's word
    row = session.execute(
        select(Order, OrderItem, Product)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .join(Product, Product.id == Grant.product_id)
        .where(Grant.id == license.grant_id)
    ).one()
    return row[0], row[1], row[2]


def replace_key(reference: str, *, because: str = "") -> Replaced:
    """A new key for the same license; the old one is known as replaced for ever, and a mail brings the new one.

    Devices go with the old key, since whoever found it may use it, and license files with it are void. A key that
    was withdrawn works again: it is the new one that does.

    Raises:
        NotFound, SeveralKeys: the reference names no key, or several.
        KeyReplaced: it names a key that was replaced already.
        OrderClosed: it was refunded or withdrawn: there is nothing to replace.
        LicenseExpired: a new key would not work either.
        PoolEmpty: its keys are imported ones, and none is left.
    """
    with transaction() as session:
        found = _lock_license(session, reference)
        order, item, product = get_sale(session, found)
        if not item_access(order, item).allowed:
            raise OrderClosed(f"Order {order.number} is closed: {item_access(order, item).sentence}")
        if found.expires_at is not None and found.expires_at <= clock.now():
            raise LicenseExpired(
                f"This license expired on {found.expires_at:%Y-%m-%d}: a new key would not work either."
            )
        was_withdrawn = found.withdrawn_at is not None
        old, old_hash = found.key, found.key_hash
        found.key, found.key_hash = _next_key(session, found, product)
        found.withdrawn_at = None
        found.generation += 1
        session.add(RetiredKey(key_hash=old_hash, license_id=found.id, hint=hint(old)))
        gone = delete(Activation).where(Activation.license_id == found.id).returning(Activation.id)
        removed = len(session.scalars(gone.execution_options(synchronize_session=False)).all())
        reason = f": {because}" if because else ""
        session.add(KeyEvent(what="replaced", license_id=found.id, detail=f"{hint(old)}{reason}"))
        add_change(session, order.id, ChangeKind.KEY_REPLACED, f"{hint(old)}{reason}")
        _forget_older_mails(session, found)
        promise_for(session, order, MailKind.KEY_REPLACED, about=str(found.id), again=old_hash[:12])
        if was_withdrawn:
            resume_mails(session, order)
        made = Replaced(
            order_number=order.number,
            product=product.name,
            email=order.email,
            old_hint=hint(old),
            key=found.key,
            devices_removed=removed,
            was_withdrawn=was_withdrawn,
        )
    nudge("outbox")
    return made


def _next_key(session: Session, found: License, product: Product) -> tuple[str, str]:
    """With its hash. Of the kind that the license has, whatever the product sells by now."""
    imported = select(PoolKey.id).where(PoolKey.grant_id == found.grant_id, PoolKey.key_hash == found.key_hash)
    if session.scalar(imported) is None:
        is_test_key = found.key.startswith(f"{TEST_PREFIX}-")
        made = new_key(TEST_PREFIX if is_test_key else product.license_prefix)
        return made, hash_key(made)
    taken = take_from_pool(session, product.id, found.mode, 1)
    if not taken:
        raise PoolEmpty(f"No key of {product.name} is left: `storefront keys import {product.slug} FILE` first.")
    pool_id, key, key_hash = taken[0]
    mark_handed_out(session, [(pool_id, found.grant_id)])
    session.add(KeyEvent(what="handed_out", pool_key_id=pool_id, license_id=found.id, detail="for a replaced key"))
    settle_pool_notices(session, found.mode, [product.id])
    return key, key_hash


def _forget_older_mails(session: Session, found: License) -> None:
    """Of keys that this one had before: they would tell the newest one twice."""
    older = (
        OutboxMessage.kind == MailKind.KEY_REPLACED,
        OutboxMessage.about == str(found.id),
        OutboxMessage.state.in_(NOT_LEFT),
    )
    values = {"state": MailState.CANCELED, "last_error": "a newer key took its place"}
    session.execute(update(OutboxMessage).where(*older).values(**values))


def withdraw_key(key: str, *, because: str = "") -> str:
    """This key alone stops working, sold or not; its order stays as it is. Safe to repeat. Returns its hint."""
    return _set_withdrawn(key, is_withdrawn=True, because=because)


def restore_key(key: str) -> str:
    """The same key works again, on the same devices, and a mail that was to bring it leaves. Safe to repeat."""
    shown = _set_withdrawn(key, is_withdrawn=False, because="")
    nudge("outbox")
    return shown


def _set_withdrawn(key: str, *, is_withdrawn: bool, because: str) -> str:
    mode, what = settings().mode, "withdrawn" if is_withdrawn else "restored"
    with transaction() as session:
        unsold = session.scalars(
            select(PoolKey)
            .where(PoolKey.key_hash == hash_exact(key), PoolKey.mode == mode)
            .where(PoolKey.grant_id.is_(None), PoolKey.removed_at.is_(None))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        row: PoolKey | License = unsold or _lock_license(session, key)
        if (row.withdrawn_at is not None) is is_withdrawn:
            return hint(row.key)
        row.withdrawn_at = clock.now() if is_withdrawn else None
        event = KeyEvent(what=what, detail=because)
        if isinstance(row, PoolKey):
            event.pool_key_id = row.id
            settle_pool_notices(session, mode, [row.product_id])
        else:
            event.license_id = row.id
            order, _item, _product = get_sale(session, row)
            reason = f": {because}" if because else ""
            kind = ChangeKind.KEY_WITHDRAWN if is_withdrawn else ChangeKind.KEY_RESTORED
            add_change(session, order.id, kind, f"{hint(row.key)}{reason}")
            if not is_withdrawn:
                resume_mails(session, order)
        session.add(event)
        return hint(row.key)
