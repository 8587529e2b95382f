"""Imports keys into a product's pool, all or none, and serves the orders that waited for them, oldest first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.delivery.licenses.issue import count_unsold
from storefront.delivery.licenses.keys import hash_key, hint, is_well_formed
from storefront.delivery.licenses.models import KeyEvent, License, PoolKey, RetiredKey
from storefront.delivery.licenses.pools.fill_backorders import FilledBackorders, fill_product_backorders
from storefront.delivery.licenses.pools.key_files import KeyFile, KeyLine, Problem
from storefront.delivery.licenses.pools.stock import count_waiting, settle_pool_notices
from storefront.shop.catalog.models import KeySource, Product
from storefront.shop.catalog.queries import get_product, lock_product

BATCH = 2000  # rows a statement: SQLite and PostgreSQL bound how many values one may carry


class _NotMeant(Exception):
    """Takes a dry run back, once it knows what to say."""

    def __init__(self, done: "Imported") -> None:
        super().__init__()
        self.done = done


class NotAPool(StorefrontError):
    code = "not_a_pool"
    status = 409
    title = "This product takes no imported keys"


class KeysRefused(StorefrontError):
    """Nothing was changed; `problems` names every line."""

    code = "keys_refused"
    title = "Nothing was changed"

    def __init__(self, problems: Iterable[Problem], *, done: str = "imported") -> None:
        self.done = done
        self.problems = sorted(problems, key=lambda problem: problem.number)
        lines = "1 line" if len(self.problems) == 1 else f"{len(self.problems)} lines"
        doubts = sum(problem.is_doubt for problem in self.problems)
        hint = " What only looks damaged, and is not, is taken with --as-is." if doubts else ""
        super().__init__(f"Nothing was {done}: {lines} cannot be used.{hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """`blank_lines` and `comment_lines` are the numbers of lines that were left out.

    `long_lines` are those where a key of several lines begins: a quote too many makes one key of two.
    """

    imported: int
    long_lines: tuple[int, ...]
    blank_lines: tuple[int, ...]
    comment_lines: tuple[int, ...]
    served_keys: int
    served_orders: int
    unsold: int
    waiting: int


def import_keys(slug: str, file: KeyFile, *, dry_run: bool = False) -> Imported:
    """Into the pool of the running mode. A dry run does it all, and takes it back: it says what a run would say.

    Every line is checked before the transaction, which is short also for a hundred thousand keys. What another
    import brings in between, the schema refuses: then the lines are checked again, and named.

    Raises:
        NotFound: no such product.
        NotAPool: its keys are generated.
        KeysRefused: a line is unusable, or its key was imported, sold or replaced before; nothing is changed.
    """
    _check_pool(get_product(db.session(), slug))
    problems = [*file.problems, *_find_known(db.session(), file.keys)]
    if problems or not file.keys:
        raise KeysRefused(problems or [Problem(1, "there is no key in this file")])
    try:
        done = _import(slug, file, dry_run=dry_run)
    except _NotMeant as dry:
        return dry.done
    except IntegrityError as error:
        known = _find_known(db.session(), file.keys)
        if not known:
            raise
        raise KeysRefused(known) from error
    if done.served_orders:
        nudge("outbox")
    return done


def _import(slug: str, file: KeyFile, *, dry_run: bool) -> Imported:
    with transaction() as session:
        product = lock_product(session, slug)  # imports of one product come one after the other
        _check_pool(product)
        _insert(session, product.id, file.keys)
        served = fill_product_backorders(session, product.id)
        settle_pool_notices(session, settings().mode, [product.id])
        done = _report(session, product.id, file, served)
        if dry_run:
            raise _NotMeant(done)
        return done


def _report(session: Session, product_id: int, file: KeyFile, served: FilledBackorders) -> Imported:
    mode = settings().mode
    return Imported(
        imported=len(file.keys),
        long_lines=tuple(line.number for line in file.keys if "\n" in line.key),
        blank_lines=file.blanks,
        comment_lines=file.comments,
        served_keys=served.keys,
        served_orders=served.orders,
        unsold=count_unsold(session, product_id, mode),
        waiting=count_waiting(session, mode, [product_id]).get(product_id, 0),
    )


def _check_pool(product: Product) -> None:
    if product.key_source is not KeySource.POOL or not product.grants_license:
        raise NotAPool(
            f"{product.name} makes its keys itself. To sell imported ones: "
            f"`storefront products set {product.slug} --key-source pool`."
        )


def _find_known(session: Session, lines: tuple[KeyLine, ...]) -> list[Problem]:
    """What cannot be sold again, whatever product or mode it was for."""
    found: list[Problem] = []
    for start in range(0, len(lines), BATCH):
        part = lines[start : start + BATCH]
        known = _read_known(session, part)
        found += [
            Problem(line.number, f"{hint(line.key)} {known[line]}") for line in part if known.get(line) is not None
        ]
    return found


def _read_known(session: Session, lines: tuple[KeyLine, ...]) -> dict[KeyLine, str]:
    """By the key as it is written, and as another spelling of one of ours.

    Keys that were imported and sold when spelling did not count are found by their normal form: only the very same
    text is the same key.
    """
    exact = {line.key_hash: line for line in lines}
    others: defaultdict[str, list[KeyLine]] = defaultdict(list)
    for line in lines:
        others[hash_key(line.key)].append(line)
    hashes = [*exact, *others]
    found: dict[KeyLine, str] = {}

    def note(key_hash: str, key: str | None, why: str) -> None:
        if key_hash in exact:
            found.setdefault(exact[key_hash], why)
        for line in others.get(key_hash, ()):
            if key is None or key == line.key or is_well_formed(key):
                found.setdefault(line, why)

    for key_hash, key in session.execute(
        select(License.key_hash, License.key).where(License.key_hash.in_(hashes))
    ):
        note(key_hash, key, "is sold already")
    for row in session.execute(
        select(PoolKey.key_hash, PoolKey.key, PoolKey.grant_id, PoolKey.mode).where(
            PoolKey.key_hash.in_(hashes), PoolKey.removed_at.is_(None)
        )
    ):
        word = "is sold already" if row.grant_id else f"was imported before, for {row.mode} orders"
        note(row.key_hash, row.key, word)
    for key_hash in session.scalars(select(RetiredKey.key_hash).where(RetiredKey.key_hash.in_(hashes))):
        note(key_hash, None, "was sold once and replaced")
    return found


def _insert(session: Session, product_id: int, lines: tuple[KeyLine, ...]) -> None:
    """Of tables, not of entities: a hundred thousand objects would take most of the time."""
    mode, now = settings().mode, clock.now()
    newest = session.scalar(select(func.max(PoolKey.id)).where(PoolKey.product_id == product_id)) or 0
    keys = insert(PoolKey.__table__)  # type: ignore[arg-type] # a mapped class always has a Table
    for start in range(0, len(lines), BATCH):
        rows = [
            {"product_id": product_id, "mode": mode, "key": line.key, "key_hash": line.key_hash, "created_at": now}
            for line in lines[start : start + BATCH]
        ]
        session.execute(keys, rows)
    brought = select(PoolKey.id, literal("imported"), literal(now, KeyEvent.at.type), literal("")).where(
        PoolKey.product_id == product_id, PoolKey.id > newest
    )
    session.execute(
        insert(KeyEvent.__table__).from_select(["pool_key_id", "what", "at", "detail"], brought)  # type: ignore[arg-type]
    )
