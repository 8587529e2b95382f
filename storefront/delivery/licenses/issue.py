"""Gives license grants their keys: generated ones at once, imported ones while there are any.

A grant of a pool that is empty stays without a license: the order is paid, the buyer reads "your key will
follow", and the next import serves who waits longest. So does one of an order that is closed: an imported key
that somebody has read is never sold again, so it goes to nobody who may not use it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Row, Select, bindparam, case, exists, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.config.settings import Mode
from storefront.core.db import insert_missing
from storefront.core.runtime import settings
from storefront.delivery.licenses.keys import derive_key, hash_key, new_key
from storefront.delivery.licenses.models import KeyEvent, KeyEventKind, License, PoolKey
from storefront.delivery.licenses.queries import UNSOLD, in_pool, select_keyless_grants
from storefront.delivery.licenses.sealed import kept_hash
from storefront.delivery.licenses.terms import license_terms
from storefront.orders.access import item_access
from storefront.orders.models import Grant, ItemPart, Order, OrderItem
from storefront.orders.terms import sold_terms
from storefront.shop.catalog.models import KeySource, Product
from storefront.shop.catalog.terms import SaleTerms, SoldProduct, sold_product
from storefront.shop.editor.product_settings import TEST_PREFIX

AT_ONCE = 500  # grants, or keys, a statement


class KeysMismatch(Exception):
    """A key was taken for a grant that has one by now: nothing of it may stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeylessGrant:
    """A license grant without a license. `is_open`: its buyer may have the key now.

    `key_name` tells its key from the others of the order, whose seed makes them. `is_noted`: its row says so.
    """

    grant_id: int
    order_id: int
    order_seed: bytes
    key_name: str
    is_open: bool
    product: SoldProduct
    terms: SaleTerms
    quantity: int
    bought_at: datetime
    mode: str
    is_noted: bool

    @property
    def needs_imported_key(self) -> bool:
        return self.product.key_source is KeySource.POOL

    @property
    def may_take_imported_key(self) -> bool:
        return self.needs_imported_key and self.is_open


@dataclass(frozen=True, slots=True)
class HashedKey:
    """A key as its buyer sees it, and the hash that it is kept under."""

    key: str
    key_hash: str


@dataclass(frozen=True, slots=True)
class PooledKey(HashedKey):
    """An imported one, locked until the transaction ends."""

    pool_key_id: int


def find_keyless_grants(session: Session, order: Order) -> list[KeylessGrant]:
    """Return the license grants of an order that have no license. One statement."""
    rows = session.execute(_select_keyless_of_order(), {"of_order": order.id}).all()
    return [keyless_of_row(row) for row in rows]


@cache
def _select_keyless_of_order() -> Select[Grant, OrderItem, Order, Product, ItemPart]:
    """Build it once: that takes longer than running it."""
    return select_keyless_grants().where(OrderItem.order_id == bindparam("of_order"))


def keyless_of_row(row: Row[Grant, OrderItem, Order, Product, ItemPart]) -> KeylessGrant:
    """Return what a row of `select_keyless_grants` says."""
    grant, item, order, product, part = row
    return to_keyless_grant(grant, item, order, sold_product(product), sold_terms(part or item))


def to_keyless_grant(
    grant: Grant | Row[Any], item: OrderItem, order: Order, product: SoldProduct, terms: SaleTerms
) -> KeylessGrant:
    return KeylessGrant(
        grant_id=grant.id,
        order_id=order.id,
        order_seed=order.token_seed,
        key_name=f"{item.stripe_line_item_id}:{grant.product_id}:{grant.ordinal}",
        is_open=item_access(order, item).allowed,
        product=product,
        terms=terms,
        quantity=item.quantity,
        bought_at=order.bought_at,
        mode=order.mode,
        is_noted=grant.is_keyless,
    )


def issue_keys(session: Session, grants: list[KeylessGrant]) -> list[KeylessGrant]:
    """Give these grants their licenses, and return those that still wait for a key.

    Inside the caller's transaction, with their orders locked. A fixed number of statements for generated keys, and
    one more set for each product with a pool. An imported key is of the order's mode; a test order of a shop that
    imported none for tests gets a visible `TEST-` key.

    Raises:
        KeysMismatch: somebody else gave one of them a license meanwhile.
    """
    to_import = [grant for grant in grants if grant.may_take_imported_key]
    keys = _generate_keys(grants)
    for group in _group_by_product(to_import):
        keys |= _take_keys(session, group)
    _insert_licenses(session, grants, keys)
    if to_import:
        _record_handed_out(session, keys)
    keyless = [grant for grant in grants if grant.grant_id not in keys]
    note_keyless(session, [grant.grant_id for grant in keyless if not grant.is_noted], is_keyless=True)
    served = [grant.grant_id for grant in grants if grant.is_noted and grant.grant_id in keys]
    note_keyless(session, served, is_keyless=False)
    return keyless


def note_keyless(session: Session, grant_ids: Collection[int], *, is_keyless: bool) -> None:
    """Let these grants be found among those that have no license, or no more."""
    for some in _in_parts(grant_ids):
        session.execute(
            update(Grant)
            .where(Grant.id.in_(some))
            .values(is_keyless=is_keyless)
            .execution_options(synchronize_session=False)
        )


def _in_parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield them by hundreds: PostgreSQL and SQLite bound how many values a statement may carry."""
    rest = iter(ids)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _generate_keys(grants: Iterable[KeylessGrant]) -> dict[int, HashedKey]:
    """Return keys by grant id for the products whose keys are made here."""
    return {
        grant.grant_id: _derive_key(grant, grant.product.license_prefix)
        for grant in grants
        if not grant.needs_imported_key
    }


def _derive_key(grant: KeylessGrant, prefix: str) -> HashedKey:
    secret_key = settings().secret_key
    key = derive_key(grant.order_seed, grant.key_name, prefix=prefix, secret_key=secret_key)
    return HashedKey(key, kept_hash(hash_key(key)))


def generate_key(prefix: str) -> HashedKey:
    """Return a key that nothing derives: one that replaces another."""
    key = new_key(prefix)
    return HashedKey(key, kept_hash(hash_key(key)))


def take_from_pool(session: Session, product_id: int, mode: str, count: int) -> list[PooledKey]:
    """Return up to `count` keys, oldest first, locked: two sales at once get different ones and neither waits."""
    rows = session.execute(
        select(PoolKey.id, PoolKey.key, PoolKey.key_hash)
        .where(in_pool(product_id, mode), UNSOLD)
        .order_by(PoolKey.id)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    return [PooledKey(row.key, kept_hash(row.key_hash), row.id) for row in rows]


def mark_handed_out(session: Session, grants_of_keys: dict[int, int]) -> None:
    """Note by pool key id to which grant keys go that `take_from_pool` locked. One statement for hundreds."""
    for some in _in_parts(grants_of_keys):
        grants = {key_id: grants_of_keys[key_id] for key_id in some}
        session.execute(
            update(PoolKey)
            .where(PoolKey.id.in_(some))
            .values(grant_id=case(grants, value=PoolKey.id), handed_out_at=clock.now())
            .execution_options(synchronize_session=False)
        )


def makes_test_keys(session: Session, product_id: int, mode: str) -> bool:
    """Return whether a test shop imported no keys for tests, so that its orders get visible ones of ours."""
    imported = exists().where(in_pool(product_id, mode), PoolKey.removed_at.is_(None))
    return mode != Mode.LIVE and not session.scalar(select(imported))


def _group_by_product(grants: Iterable[KeylessGrant]) -> list[list[KeylessGrant]]:
    groups: defaultdict[int, list[KeylessGrant]] = defaultdict(list)
    for grant in grants:
        groups[grant.product.id].append(grant)
    return list(groups.values())


def _take_keys(session: Session, grants: list[KeylessGrant]) -> dict[int, HashedKey]:
    """Return imported keys of one product by grant id, as far as its pool goes."""
    product, mode = grants[0].product, grants[0].mode
    pooled_keys = take_from_pool(session, product.id, mode, len(grants))
    if not pooled_keys and makes_test_keys(session, product.id, mode):
        return {grant.grant_id: _derive_key(grant, TEST_PREFIX) for grant in grants}
    keys = {grant.grant_id: key for grant, key in zip(grants, pooled_keys, strict=False)}
    mark_handed_out(session, {key.pool_key_id: grant_id for grant_id, key in keys.items()})
    return dict(keys)


def _insert_licenses(session: Session, grants: list[KeylessGrant], keys: dict[int, HashedKey]) -> None:
    rows = [_license_row(grant, keys[grant.grant_id]) for grant in grants if grant.grant_id in keys]
    if insert_missing(session, License, rows) != len(rows):
        raise KeysMismatch


def _license_row(grant: KeylessGrant, key: HashedKey) -> dict[str, object]:
    # Who waited for a key gets all its days. A sale that is found late, or again, has those from when it was paid.
    starts_at = max(grant.bought_at, clock.now()) if grant.is_noted else grant.bought_at
    terms = license_terms(grant.terms, quantity=grant.quantity, starts_at=starts_at)
    return {
        "grant_id": grant.grant_id,
        "key": key.key,
        "key_hash": key.key_hash,
        "mode": grant.mode,
        "activation_limit": terms.activation_limit,
        "seats": terms.seats,
        "expires_at": terms.expires_at,
    }


def _record_handed_out(session: Session, grant_ids: Iterable[int]) -> None:
    """Write the custody of the imported keys among those that these grants got."""
    for some in _in_parts(grant_ids):
        rows = session.execute(
            select(PoolKey.id, License.id.label("license_id"), Order.number)
            .join(License, License.grant_id == PoolKey.grant_id)
            .join(Grant, Grant.id == PoolKey.grant_id)
            .join(OrderItem, OrderItem.id == Grant.order_item_id)
            .join(Order, Order.id == OrderItem.order_id)
            .where(PoolKey.grant_id.in_(some))
        )
        session.add_all(
            KeyEvent(
                what=KeyEventKind.HANDED_OUT,
                pool_key_id=row.id,
                license_id=row.license_id,
                detail=f"order {row.number}",
            )
            for row in rows
        )
