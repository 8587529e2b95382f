"""Takes keys out of a pool that were imported by mistake. What was sold stays sold."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.runtime import settings
from storefront.delivery.licenses.keys import hash_key, hint
from storefront.delivery.licenses.models import KeyEvent, KeyEventKind, PoolKey
from storefront.delivery.licenses.pools.key_files import KeyFile, KeyLine, Problem
from storefront.delivery.licenses.pools.notices import settle_pool_notices
from storefront.delivery.licenses.pools.refusal import NO_KEYS, KeysRefused, in_batches
from storefront.delivery.licenses.queries import count_unsold, in_pool
from storefront.delivery.licenses.sealed import forms
from storefront.shop.catalog.queries import get_product_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    removed: int
    unsold: int


class _SoldMeanwhile(Exception):
    """A key went between the look and the transaction."""


def remove_keys(slug: str, file: KeyFile) -> Removed:
    """Take unsold keys out of the pool of the running mode, all or none; they may be imported again, for any mode.

    All are looked at before the transaction, so that sales wait no longer than it takes to mark them. Where one
    was sold in between, all are looked at again.

    Raises:
        NotFound: no such product.
        KeysRefused: a key is not in this pool, or is sold; nothing is changed.
    """
    product_id = get_product_id(db.session(), slug)
    ids, problems = _find_keys(db.session(), product_id, file.keys)
    ids += _find_headings(db.session(), product_id, file.headings)
    lines_of_headings = {line.number for line in file.headings}
    problems += [problem for problem in file.problems if problem.number not in lines_of_headings]
    if problems or not ids:
        raise KeysRefused(problems or [NO_KEYS], done="removed")
    try:
        return _remove_all(slug, product_id, sorted(set(ids)))  # in one order, as others lock them
    except _SoldMeanwhile:
        return remove_keys(slug, file)


def _remove_all(slug: str, product_id: int, ids: list[int]) -> Removed:
    mode = settings().mode
    with transaction() as session:
        for batch in in_batches(ids):
            _remove(session, batch)
        settle_pool_notices(session, mode, [product_id])
        removed = Removed(removed=len(ids), unsold=count_unsold(session, product_id, mode))
        record(session, "keys.removed", subject_kind="product", subject=slug, after=asdict(removed))
        return removed


def _find_keys(session: Session, product_id: int, lines: Sequence[KeyLine]) -> tuple[list[int], list[Problem]]:
    """Return the ids of these keys, and what stands against removing any."""
    ids: list[int] = []
    problems: list[Problem] = []
    for batch in in_batches(lines):
        pool_keys = _find_batch(session, product_id, batch)
        ids += [pool_key.id for pool_key in pool_keys.values()]
        for line in batch:
            why = _refusal(pool_keys.get(line.key))
            if why is not None:
                problems.append(Problem(line.number, f"{hint(line.key)} {why}"))
    return ids, problems


def _find_headings(session: Session, product_id: int, lines: Sequence[KeyLine]) -> list[int]:
    """Return the ids of unsold keys that are headings: each was imported before the shop knew it as one."""
    found = (_find_batch(session, product_id, batch) for batch in in_batches(lines))
    return [key.id for keys in found for key in keys.values() if key.grant_id is None]


def _find_batch(
    session: Session, product_id: int, lines: Sequence[KeyLine]
) -> dict[str, Row[int, str, int | None]]:
    """Return rows of the pool by key.

    What was sold while spelling did not count is found by its normal form, and told from others by its text.
    """
    hashes = [kept for line in lines for kept in (*forms(line.key_hash), *forms(hash_key(line.key)))]
    rows = session.execute(
        select(PoolKey.id, PoolKey.key, PoolKey.grant_id)
        .where(PoolKey.key_hash.in_(hashes), PoolKey.removed_at.is_(None), in_pool(product_id, settings().mode))
        .order_by(PoolKey.id)
    )
    wanted = {line.key for line in lines}
    return {row.key: row for row in rows if row.key in wanted}


def _refusal(pool_key: Row[int, str, int | None] | None) -> str | None:
    if pool_key is None:
        return "is not in this pool"
    return None if pool_key.grant_id is None else "is sold: `storefront keys withdraw` stops it"


def _remove(session: Session, ids: Sequence[int]) -> None:
    now = clock.now()
    unsold = update(PoolKey).where(PoolKey.id.in_(ids), PoolKey.grant_id.is_(None), PoolKey.removed_at.is_(None))
    removed = session.connection().execute(unsold.values(removed_at=now))
    if removed.rowcount != len(ids):
        raise _SoldMeanwhile
    events = [{"pool_key_id": key_id, "what": KeyEventKind.REMOVED, "at": now, "detail": ""} for key_id in ids]
    session.execute(insert(KeyEvent.__table__), events)  # type: ignore[arg-type] # a mapped class always has a Table
