"""Takes keys out of a pool that were imported by mistake. What was sold stays sold."""

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.runtime import settings
from storefront.delivery.licenses.issue import count_unsold
from storefront.delivery.licenses.keys import hash_key, hint
from storefront.delivery.licenses.models import KeyEvent, PoolKey
from storefront.delivery.licenses.pools.import_keys import BATCH, KeysRefused
from storefront.delivery.licenses.pools.key_files import KeyFile, KeyLine, Problem
from storefront.delivery.licenses.pools.stock import settle_pool_notices
from storefront.shop.catalog.queries import get_product_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    removed: int
    unsold: int


def remove_keys(slug: str, file: KeyFile) -> Removed:
    """Unsold keys out of the pool of the running mode, all or none; they may be imported again, for any mode.

    Raises:
        NotFound: no such product.
        KeysRefused: a key is not in this pool, or is sold; nothing is changed.
    """
    mode = settings().mode
    with transaction() as session:
        product_id = get_product_id(session, slug)
        problems, ids = list(file.problems), []
        for start in range(0, len(file.keys), BATCH):
            found, wrong = _lock(session, product_id, file.keys[start : start + BATCH])
            ids += found
            problems += wrong
        if problems or not ids:
            raise KeysRefused(problems or [Problem(1, "there is no key in this file")], done="removed")
        for start in range(0, len(ids), BATCH):
            _remove(session, ids[start : start + BATCH])
        settle_pool_notices(session, mode, [product_id])
        return Removed(removed=len(ids), unsold=count_unsold(session, product_id, mode))


def _lock(session: Session, product_id: int, lines: tuple[KeyLine, ...]) -> tuple[list[int], list[Problem]]:
    # What was sold while spelling did not count is found by its normal form, and told from others by its text.
    hashes = [each for line in lines for each in (line.key_hash, hash_key(line.key))]
    rows = session.execute(
        select(PoolKey.id, PoolKey.key, PoolKey.grant_id)
        .where(PoolKey.key_hash.in_(hashes), PoolKey.removed_at.is_(None))
        .where(PoolKey.product_id == product_id, PoolKey.mode == settings().mode)
        .order_by(PoolKey.id)
        .with_for_update()
    )
    wanted = {line.key for line in lines}
    known = {row.key: row for row in rows if row.key in wanted}
    problems = []
    for line in lines:
        row = known.get(line.key)
        if row is None:
            problems.append(Problem(line.number, f"{hint(line.key)} is not in this pool"))
        elif row.grant_id is not None:
            problems.append(Problem(line.number, f"{hint(line.key)} is sold: `storefront keys withdraw` stops it"))
    return [row.id for row in known.values()], problems


def _remove(session: Session, ids: list[int]) -> None:
    now = clock.now()
    session.execute(update(PoolKey).where(PoolKey.id.in_(ids)).values(removed_at=now))
    events = [{"pool_key_id": each, "what": "removed", "at": now, "detail": ""} for each in ids]
    session.execute(insert(KeyEvent.__table__), events)  # type: ignore[arg-type] # a mapped class always has a Table
