"""Gives keys to orders that wait for one: who paid first comes first, whatever the key's source is by now."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from storefront.audit.record import record_if_asked
from storefront.core.db import db, transaction
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.delivery.licenses.issue import (
    KeylessGrant,
    issue_keys,
    keyless_of_row,
    makes_test_keys,
    note_keyless,
)
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.pools.notices import settle_pool_notices, settle_stale_pool_notices
from storefront.delivery.licenses.pools.stock import count_waiting
from storefront.delivery.licenses.queries import count_unsold, select_keyless_grants
from storefront.mail.models import MailKind
from storefront.orders.access import access
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.emails import promise_for
from storefront.orders.facts import FACT_COLUMNS, facts_of_row
from storefront.orders.models import KEYLESS, Grant, GrantKind, ItemPart, Order, OrderItem
from storefront.shop.catalog.models import KeySource, Product

AT_ONCE = 500  # grants a transaction, or those of one order where they are more
NEWEST = 5_000  # grants, by their ids: of the last hours, or of a day


@dataclass(frozen=True, slots=True)
class FilledBackorders:
    """`is_short`: somebody was left without a key, so those that wait behind get none either."""

    keys: int = 0
    orders: int = 0
    is_short: bool = False

    def __add__(self, more: "FilledBackorders") -> "FilledBackorders":
        return FilledBackorders(self.keys + more.keys, self.orders + more.orders, self.is_short or more.is_short)


def fill_backorders() -> int:
    """Give keys to orders of the running mode that wait though there are some. Returns how many keys went out.

    A sale and an import may have missed each other, an order may have opened again, or a product's keys may be
    made here by now. Warnings about pools that nobody waits for any more close. Safe to repeat.
    """
    mode = settings().mode
    keys = sum(_fill_product(product_id, mode) for product_id in sorted(count_waiting(db.session(), mode)))
    settle_stale_pool_notices(mode)
    if keys:
        nudge("outbox")
    return keys


def note_forgotten(*, is_thorough: bool) -> int:
    """Put right what older code beside this one has left: grants without a license unnoted, and served ones noted.

    Among the newest, or `is_thorough` among all: that reads every grant.
    """
    unnoted = (
        select(Grant.id)
        .outerjoin(License, License.grant_id == Grant.id)
        .where(Grant.kind == GrantKind.LICENSE, License.id.is_(None), Grant.is_keyless.is_(False))
    )
    if not is_thorough:
        unnoted = unnoted.where(Grant.id > (db.session.scalar(select(func.max(Grant.id))) or 0) - NEWEST)
    served = select(Grant.id).join(License, License.grant_id == Grant.id).where(KEYLESS)
    return sum(
        _note(db.session.scalars(statement).all(), is_keyless=is_keyless)
        for statement, is_keyless in ((unnoted, True), (served, False))
    )


def _note(grant_ids: Sequence[int], *, is_keyless: bool) -> int:
    for start in range(0, len(grant_ids), AT_ONCE):
        with transaction() as session:
            note_keyless(session, grant_ids[start : start + AT_ONCE], is_keyless=is_keyless)
    return len(grant_ids)


def _fill_product(product_id: int, mode: str) -> int:
    if not _has_keys(product_id, mode):
        return 0
    return fill_batches(product_id, list_batches(db.session(), product_id)).keys


def list_batches(session: Session, product_id: int) -> list[list[int]]:
    """Return the orders that may have keys of this product, oldest first: their ids, some for each transaction.

    An order is in one batch, so that its buyer gets one email. One statement, which locks nothing.
    """
    grants = _select_waiting(product_id).order_by(None).order_by(Order.paid_at, Order.id)
    rows = session.execute(
        grants.with_only_columns(Order.id, Order.mode, *FACT_COLUMNS, maintain_column_froms=True)
    )
    mode = settings().mode
    counts = Counter(row.id for row in rows if row.mode == mode and access(facts_of_row(row)).allowed)
    batches: list[list[int]] = []
    room = 0
    for order_id, count in counts.items():
        if room < count:
            batches.append([])
            room = AT_ONCE
        batches[-1].append(order_id)
        room -= count
    return batches


def fill_batches(product_id: int, batches: Iterable[Sequence[int]]) -> FilledBackorders:
    """Serve orders of `list_batches`, each batch in a transaction of its own: sales go on in between.

    What is killed on the way is gone on with by the next run.
    """
    return fill_while_there_are_keys(batches, partial(_fill_batch, product_id))


def fill_while_there_are_keys(
    batches: Iterable[Sequence[int]], fill: Callable[[Sequence[int]], FilledBackorders]
) -> FilledBackorders:
    """Fill batches until one is left short, and return what came of all."""
    filled = FilledBackorders()
    for order_ids in batches:
        filled += fill(order_ids)
        if filled.is_short:
            break
    return filled


def _fill_batch(product_id: int, order_ids: Sequence[int]) -> FilledBackorders:
    with transaction() as session:
        filled = fill_product_backorders(session, product_id, order_ids)
        settle_pool_notices(session, settings().mode, [product_id])
        if filled.keys:
            record_if_asked(
                session,
                "keys.served",
                subject_kind="product",
                subject=session.get_one(Product, product_id).slug,
                after={"keys": filled.keys, "orders": filled.orders},
            )
    return filled


def fill_product_backorders(session: Session, product_id: int, order_ids: Sequence[int]) -> FilledBackorders:
    """Give these orders keys of a product, and promise each buyer an email; in the caller's transaction."""
    waiting = _lock_waiting(session, product_id, order_ids)
    if not waiting:
        return FilledBackorders()
    still_waiting = {grant.grant_id for grant in issue_keys(session, waiting)}
    filled = _group_by_order(grant for grant in waiting if grant.grant_id not in still_waiting)
    for order_id, grant_ids in filled.items():
        _tell_buyer(session, session.get_one(Order, order_id), grant_ids)
    return FilledBackorders(sum(map(len, filled.values())), len(filled), bool(still_waiting))


def _has_keys(product_id: int, mode: str) -> bool:
    session = db.session()
    if session.get_one(Product, product_id).key_source is not KeySource.POOL:
        return True
    return count_unsold(session, product_id, mode) > 0 or makes_test_keys(session, product_id, mode)


def _select_waiting(product_id: int) -> Select[Grant, OrderItem, Order, Product, ItemPart]:
    return select_keyless_grants().where(KEYLESS, Product.id == product_id, Order.is_paid)


def _lock_waiting(session: Session, product_id: int, order_ids: Sequence[int]) -> list[KeylessGrant]:
    """Return the grants of these orders that may have their key now.

    The orders are locked before their grants are read: one statement that did both would lock an order that
    somebody else has just served, and still call it keyless.
    """
    locked = select(Order.id).where(Order.id.in_(order_ids)).order_by(Order.id)
    # FOR NO KEY UPDATE: mails and changes refer to the order, and need not wait.
    session.execute(locked.with_for_update(key_share=True))
    grants = _select_waiting(product_id).where(Order.id.in_(order_ids)).order_by(None)
    in_order = grants.order_by(Order.paid_at, Order.id, Grant.id)
    rows = session.execute(in_order.execution_options(populate_existing=True)).all()
    return [grant for grant in map(keyless_of_row, rows) if grant.is_open]


def _group_by_order(grants: Iterable[KeylessGrant]) -> dict[int, list[int]]:
    """Return the grants' ids by their orders' ids."""
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for grant in grants:
        groups[grant.order_id].append(grant.grant_id)
    return groups


def _tell_buyer(session: Session, order: Order, grant_ids: list[int]) -> None:
    count = "1 license key" if len(grant_ids) == 1 else f"{len(grant_ids)} license keys"
    add_change(session, order.id, ChangeKind.SERVED, f"{count} arrived")
    # A second delivery to the same order is another email.
    promise_for(session, order, MailKind.KEYS_ARRIVED, again=str(max(grant_ids)))
