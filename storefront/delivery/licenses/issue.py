"""Gives license grants their keys: generated ones at once, imported ones while there are any.

A grant of a pool that is empty stays without a license: the order is paid, the buyer reads "your key will
follow", and the next import serves who waits longest. So does one of an order that is closed: an imported key
that somebody has read is never sold again, so it goes to nobody who may not use it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, exists, func, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.config.settings import Mode
from storefront.core.db import insert_missing
from storefront.delivery.licenses.keys import hash_key, new_key
from storefront.delivery.licenses.models import KeyEvent, License, PoolKey
from storefront.delivery.licenses.terms import license_terms
from storefront.orders.access import item_access
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.shop.catalog.models import KeySource, Price, Product
from storefront.shop.catalog.product_settings import TEST_PREFIX

# What can be sold.
UNSOLD = PoolKey.grant_id.is_(None) & PoolKey.withdrawn_at.is_(None) & PoolKey.removed_at.is_(None)


class KeysMismatch(Exception):
    """A key was taken for a grant that has one by now: nothing of it may stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeylessGrant:
    """A license grant without a license. `is_open`: its buyer may have the key now."""

    grant_id: int
    order_id: int
    is_open: bool
    product: Product
    price: Price | None
    quantity: int
    bought_at: datetime
    mode: str


def select_keyless_grants() -> Select[Grant, OrderItem, Order, Product, Price]:
    """To be narrowed by the caller; oldest first."""
    return (
        select(Grant, OrderItem, Order, Product, Price)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .join(Product, Product.id == Grant.product_id)
        .outerjoin(Price, Price.id == OrderItem.price_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .where(Grant.kind == GrantKind.LICENSE, License.id.is_(None))
        .order_by(Grant.id)
    )


def find_keyless_grants(session: Session, order: Order) -> list[KeylessGrant]:
    """One statement."""
    rows = session.execute(select_keyless_grants().where(OrderItem.order_id == order.id)).all()
    return [to_keyless_grant(grant, item, of, product, price) for grant, item, of, product, price in rows]


def to_keyless_grant(
    grant: Grant, item: OrderItem, order: Order, product: Product, price: Price | None
) -> KeylessGrant:
    return KeylessGrant(
        grant_id=grant.id,
        order_id=order.id,
        is_open=item_access(order, item).allowed,
        product=product,
        price=price,
        quantity=item.quantity,
        bought_at=order.paid_at or order.placed_at,
        mode=order.mode,
    )


def issue_keys(session: Session, waiting: list[KeylessGrant]) -> list[KeylessGrant]:
    """Inside the caller's transaction, with their orders locked; returns those that still wait.

    A fixed number of statements for generated keys, and one more set for each product with a pool. An imported
    key is of the order's mode; a test order of a shop that imported none for tests gets a visible `TEST-` key.
    """
    keys: dict[int, tuple[str, str]] = {}
    from_pool: defaultdict[int, list[KeylessGrant]] = defaultdict(list)
    for each in waiting:
        if each.product.key_source is KeySource.POOL:
            if each.is_open:
                from_pool[each.product.id].append(each)
        else:
            keys[each.grant_id] = _generate(each.product.license_prefix)
    for group in from_pool.values():
        keys |= _take(session, group)
    rows = [_row(each, *keys[each.grant_id]) for each in waiting if each.grant_id in keys]
    if insert_missing(session, License, rows) != len(rows):
        raise KeysMismatch
    if from_pool:
        _note_custody(session, keys)
    return [each for each in waiting if each.grant_id not in keys]


def _generate(prefix: str) -> tuple[str, str]:
    key = new_key(prefix)
    return key, hash_key(key)


def _row(each: KeylessGrant, key: str, key_hash: str) -> dict[str, object]:
    starts_at = max(each.bought_at, clock.now())  # who waited for a key gets all its days
    terms = license_terms(each.product, each.price, quantity=each.quantity, starts_at=starts_at)
    return {
        "grant_id": each.grant_id,
        "key": key,
        "key_hash": key_hash,
        "mode": each.mode,
        "activation_limit": terms.activation_limit,
        "seats": terms.seats,
        "expires_at": terms.expires_at,
    }


def take_from_pool(session: Session, product_id: int, mode: str, count: int) -> list[tuple[int, str, str]]:
    """Ids, keys and their hashes, oldest first, locked: two sales at once get different ones and neither waits."""
    rows = session.execute(
        select(PoolKey.id, PoolKey.key, PoolKey.key_hash)
        .where(PoolKey.product_id == product_id, PoolKey.mode == mode, UNSOLD)
        .order_by(PoolKey.id)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    return [(row.id, row.key, row.key_hash) for row in rows]


def mark_handed_out(session: Session, pairs: Iterable[tuple[int, int]]) -> None:
    """(pool key id, grant id) of keys locked by `take_from_pool`. One statement."""
    by_id = dict(pairs)
    if by_id:
        session.execute(
            update(PoolKey)
            .where(PoolKey.id.in_(by_id))
            .values(grant_id=case(by_id, value=PoolKey.id), handed_out_at=clock.now())
            .execution_options(synchronize_session=False)
        )


def _take(session: Session, group: list[KeylessGrant]) -> dict[int, tuple[str, str]]:
    """Grant id -> its key and the key's hash, as far as the pool goes."""
    product, mode = group[0].product, group[0].mode
    taken = take_from_pool(session, product.id, mode, len(group))
    if not taken and makes_test_keys(session, product.id, mode):
        return {each.grant_id: _generate(TEST_PREFIX) for each in group}
    pairs = list(zip(group, taken, strict=False))
    mark_handed_out(session, [(pool_id, each.grant_id) for each, (pool_id, *_key) in pairs])
    return {each.grant_id: (key, key_hash) for each, (_id, key, key_hash) in pairs}


def makes_test_keys(session: Session, product_id: int, mode: str) -> bool:
    """A test shop that imported no keys for tests: its orders get visible ones of ours."""
    imported = exists().where(PoolKey.product_id == product_id, PoolKey.mode == mode, PoolKey.removed_at.is_(None))
    return mode != Mode.LIVE and not session.scalar(select(imported))


def _note_custody(session: Session, grant_ids: Iterable[int]) -> None:
    rows = session.execute(
        select(PoolKey.id, License.id.label("license_id"), Order.number)
        .join(License, License.grant_id == PoolKey.grant_id)
        .join(Grant, Grant.id == PoolKey.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(PoolKey.grant_id.in_(list(grant_ids)), PoolKey.key_hash == License.key_hash)
    ).all()
    session.add_all(
        KeyEvent(what="handed_out", pool_key_id=row.id, license_id=row.license_id, detail=f"order {row.number}")
        for row in rows
    )


def count_unsold(session: Session, product_id: int, mode: str) -> int:
    return (
        session.scalar(select(func.count()).where(PoolKey.product_id == product_id, PoolKey.mode == mode, UNSOLD))
        or 0
    )
