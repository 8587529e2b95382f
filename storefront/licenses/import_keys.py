"""Imports keys into a product's pool, all or none, and serves the orders that waited for them, oldest first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.models import KeySource, Product
from storefront.db import db, insert_missing, transaction
from storefront.errors import NotFound, StorefrontError
from storefront.licenses.issue import Keyless, as_keyless, count_unsold, issue_keys, keyless_grants
from storefront.licenses.key_files import KeyFile, KeyLine, Problem, hint
from storefront.licenses.models import KeyEvent, License, PoolKey, RetiredKey
from storefront.licenses.pool import settle_pools
from storefront.mail import outbox
from storefront.orders.access import item_access
from storefront.orders.after_sale import OrderChange
from storefront.orders.models import Order
from storefront.queue import nudge
from storefront.web import settings

BATCH = 500  # rows a statement: SQLite and PostgreSQL bound how many values one may carry


class NotAPool(StorefrontError):
    code = "not_a_pool"
    status = 409
    title = "This product takes no imported keys"


class KeysRefused(StorefrontError):
    """Nothing was imported; `problems` names every line."""

    code = "keys_refused"
    title = "Nothing was imported"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.number)
        lines = "1 line" if len(self.problems) == 1 else f"{len(self.problems)} lines"
        super().__init__(f"Nothing was imported: {lines} cannot be used.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    imported: int
    blanks: int
    served_keys: int
    served_orders: int
    unsold: int
    waiting: int


def import_keys(slug: str, file: KeyFile, *, dry_run: bool = False) -> Imported:
    """Into the pool of the running mode.

    Raises:
        NotFound: no such product.
        NotAPool: its keys are generated.
        KeysRefused: a line is unusable, or its key was imported, sold or replaced before; nothing is changed.
    """
    mode = settings().mode
    with transaction() as session:
        product = _get_pool(session, slug)
        problems = [*file.problems, *_find_known(session, file.keys)]
        if problems or not file.keys:
            raise KeysRefused(problems or [Problem(1, "there is no key in this file")])
        if dry_run:
            unsold = count_unsold(session, product.id, mode)
            waiting = len(_find_waiting(session, product.id))
            return Imported(
                imported=0, blanks=file.blanks, served_keys=0, served_orders=0, unsold=unsold, waiting=waiting
            )
        for start in range(0, len(file.keys), BATCH):
            _insert(session, product.id, mode, file.keys[start : start + BATCH])
        keys, orders = _serve(session, product.id)
        unsold = count_unsold(session, product.id, mode)
        waiting = len(_find_waiting(session, product.id))
        settle_pools(session, mode, [product.id])
    if orders:
        nudge("outbox")
    return Imported(
        imported=len(file.keys),
        blanks=file.blanks,
        served_keys=keys,
        served_orders=orders,
        unsold=unsold,
        waiting=waiting,
    )


def serve_waiting() -> int:
    """Orders of the running mode that wait though there are keys: a sale and an import that missed each other.

    Safe to repeat; returns how many keys went out.
    """
    mode = settings().mode
    wait = keyless_grants().where(Product.key_source == KeySource.POOL, Order.mode == mode)
    product_ids = set(db.session.scalars(wait.with_only_columns(Product.id, maintain_column_froms=True)))
    served = 0
    for product_id in sorted(product_ids):
        if not count_unsold(db.session(), product_id, mode):
            continue
        with transaction() as session:
            served += _serve(session, product_id)[0]
            settle_pools(session, mode, [product_id])
    if served:
        nudge("outbox")
    return served


def _get_pool(session: Session, slug: str) -> Product:
    """Locked: two imports of one file must see each other."""
    product = session.scalars(
        select(Product).where(Product.slug == slug).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if product is None:
        raise NotFound(f"There is no product {slug}. `storefront products list` shows what there is.")
    if product.key_source is not KeySource.POOL or not product.grants_license:
        raise NotAPool(
            f"{product.name} makes its keys itself. To sell imported ones: "
            f"`storefront products set {slug} --key-source pool`."
        )
    return product


def _find_known(session: Session, lines: tuple[KeyLine, ...]) -> list[Problem]:
    """What cannot be sold again, whatever product or mode it was for."""
    by_hash = {line.key_hash: line for line in lines}
    found: dict[str, str] = {}
    hashes = list(by_hash)
    for start in range(0, len(hashes), BATCH):
        part = hashes[start : start + BATCH]
        for key_hash in session.scalars(select(License.key_hash).where(License.key_hash.in_(part))):
            found.setdefault(key_hash, "is sold already")
        rows = session.execute(
            select(PoolKey.key_hash, PoolKey.grant_id, PoolKey.mode).where(PoolKey.key_hash.in_(part))
        )
        for row in rows:
            word = "is sold already" if row.grant_id else f"was imported before, for {row.mode} orders"
            found.setdefault(row.key_hash, word)
        for key_hash in session.scalars(select(RetiredKey.key_hash).where(RetiredKey.key_hash.in_(part))):
            found.setdefault(key_hash, "was sold once and replaced")
    return [Problem(by_hash[each].number, f"{hint(by_hash[each].key)} {why}") for each, why in found.items()]


def _insert(session: Session, product_id: int, mode: str, lines: tuple[KeyLine, ...]) -> None:
    rows: list[dict[str, object]] = [
        {"product_id": product_id, "mode": mode, "key": line.key, "key_hash": line.key_hash} for line in lines
    ]
    insert_missing(session, PoolKey, rows)
    hashes = [line.key_hash for line in lines]
    ids = session.scalars(select(PoolKey.id).where(PoolKey.key_hash.in_(hashes)).order_by(PoolKey.id))
    session.add_all(KeyEvent(what="imported", pool_key_id=pool_id) for pool_id in ids)


def _find_waiting(session: Session, product_id: int) -> list[tuple[Order, Keyless]]:
    """Those that may have their key now, who paid first comes first. Locked: nobody serves them twice."""
    rows = session.execute(
        keyless_grants()
        .where(Product.id == product_id, Order.mode == settings().mode, Order.is_paid)
        .order_by(None)
        .order_by(Order.paid_at, Order.id)
        .with_for_update(of=Order)
        .execution_options(populate_existing=True)
    ).all()
    return [
        (order, as_keyless(grant, item, order, product, price))
        for grant, item, order, product, price in rows
        if item_access(order, item).allowed
    ]


def _serve(session: Session, product_id: int) -> tuple[int, int]:
    """How many keys went out, and to how many orders; a mail tells each buyer."""
    waiting = _find_waiting(session, product_id)
    if not waiting:
        return 0, 0
    left = {each.grant_id for each in issue_keys(session, [each for _order, each in waiting])}
    served: defaultdict[Order, list[int]] = defaultdict(list)
    for order, each in waiting:
        if each.grant_id not in left:
            served[order].append(each.grant_id)
    for order, grant_ids in served.items():
        count = "1 license key" if len(grant_ids) == 1 else f"{len(grant_ids)} license keys"
        session.add(OrderChange(order_id=order.id, what="served", detail=f"{count} arrived"))
        outbox.promise(
            session,
            kind=outbox.KEYS_ARRIVED,
            order_id=order.id,
            mode=order.mode,
            recipient=order.email,
            again=str(max(grant_ids)),  # a second delivery to the same order is another mail
            hold=False,
        )
    return sum(len(grant_ids) for grant_ids in served.values()), len(served)
