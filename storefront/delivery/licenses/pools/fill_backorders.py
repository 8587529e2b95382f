"""Serves orders that wait for a license key: who paid first comes first, whatever the key's source is by now."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core.db import db, transaction
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.delivery.licenses.issue import (
    KeylessGrant,
    count_unsold,
    issue_keys,
    makes_test_keys,
    select_keyless_grants,
    to_keyless_grant,
)
from storefront.delivery.licenses.pools.stock import count_waiting, settle_pool_notices, settle_stale_pool_notices
from storefront.mail.models import MailKind
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.emails import promise_for
from storefront.orders.models import Grant, Order
from storefront.shop.catalog.models import KeySource, Product


@dataclass(frozen=True, slots=True)
class FilledBackorders:
    keys: int
    orders: int


def fill_backorders() -> int:
    """Orders of the running mode that wait though there are keys: a sale and an import that missed each other.

    Also orders that opened again, and those of a product whose keys are made here by now. Warnings about pools
    that nobody waits for any more close. Safe to repeat; returns how many keys went out.
    """
    mode = settings().mode
    waiting = [product_id for product_id, count in count_waiting(db.session(), mode).items() if count]
    served = 0
    for product_id in sorted(waiting):
        if not _has_keys(product_id, mode):
            continue
        with transaction() as session:
            served += fill_product_backorders(session, product_id).keys
            settle_pool_notices(session, mode, [product_id])
    settle_stale_pool_notices(mode)
    if served:
        nudge("outbox")
    return served


def _has_keys(product_id: int, mode: str) -> bool:
    session = db.session()
    if session.get_one(Product, product_id).key_source is not KeySource.POOL:
        return True
    return count_unsold(session, product_id, mode) > 0 or makes_test_keys(session, product_id, mode)


def fill_product_backorders(session: Session, product_id: int) -> FilledBackorders:
    """Inside the caller's transaction; a mail tells each buyer."""
    waiting = _lock_waiting(session, product_id)
    if not waiting:
        return FilledBackorders(0, 0)
    left = {each.grant_id for each in issue_keys(session, waiting)}
    grants: defaultdict[int, list[int]] = defaultdict(list)
    for each in waiting:
        if each.grant_id not in left:
            grants[each.order_id].append(each.grant_id)
    for order_id, grant_ids in grants.items():
        _tell(session, session.get_one(Order, order_id), grant_ids)
    return FilledBackorders(sum(map(len, grants.values())), len(grants))


def _lock_waiting(session: Session, product_id: int) -> list[KeylessGrant]:
    """Those that may have their key now.

    The orders are locked before their grants are read: one statement that did both would lock an order that
    somebody else has just served, and still call it keyless.
    """
    mine = select_keyless_grants().where(Product.id == product_id, Order.mode == settings().mode, Order.is_paid)
    keyless = mine.order_by(None).with_only_columns(Order.id, maintain_column_froms=True)
    # FOR NO KEY UPDATE: mails and changes refer to the order, and need not wait.
    lock = select(Order.id).where(Order.id.in_(keyless)).order_by(Order.id).with_for_update(key_share=True)
    locked = set(session.scalars(lock))
    if not locked:
        return []
    in_order = mine.order_by(None).order_by(Order.paid_at, Order.id, Grant.id)
    rows = session.execute(in_order.execution_options(populate_existing=True)).all()
    found = [to_keyless_grant(*row) for row in rows if row[2].id in locked]
    return [each for each in found if each.is_open]


def _tell(session: Session, order: Order, grant_ids: list[int]) -> None:
    count = "1 license key" if len(grant_ids) == 1 else f"{len(grant_ids)} license keys"
    add_change(session, order.id, ChangeKind.SERVED, f"{count} arrived")
    # A second delivery to the same order is another email.
    promise_for(session, order, MailKind.KEYS_ARRIVED, again=str(max(grant_ids)))
