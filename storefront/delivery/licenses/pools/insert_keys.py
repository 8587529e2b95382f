"""Writes the rows of many keys at once, with all that takes long done before the transaction."""

from collections.abc import Sequence

from sqlalchemy import String, bindparam, func, insert, literal, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.runtime import settings
from storefront.delivery.licenses.models import POOL_KEY, KeyEvent, KeyEventKind, PoolKey
from storefront.delivery.licenses.pools.key_files import KeyLine
from storefront.delivery.licenses.pools.refusal import in_batches
from storefront.delivery.licenses.sealed import kept_hash

KeptRow = dict[str, str]  # what is kept of a key, and its hash: the rest is the same for all


def rows_of(lines: Sequence[KeyLine]) -> list[KeptRow]:
    """Return the rows of these keys, sealed."""
    return list(map(_row_of, lines))


def _row_of(line: KeyLine) -> KeptRow:
    return {"kept_key": POOL_KEY.seal(line.key), "kept_hash": kept_hash(line.key_hash)}


def insert_keys(session: Session, product_id: int, lines: Sequence[KeyLine], rows: list[KeptRow]) -> None:
    """Insert `rows_of` these lines for the running mode, each with its first event.

    Into tables, not entities: a hundred thousand objects would take most of the time.
    """
    mode, now = settings().mode, clock.now()
    newest = session.scalar(select(func.max(PoolKey.id))) or 0
    if rows[0]["kept_hash"] != kept_hash(lines[0].key_hash):  # the shop has begun to seal since
        rows = rows_of(lines)
    keys = insert(PoolKey.__table__).values(  # type: ignore[arg-type] # a mapped class always has a Table
        product_id=product_id,
        mode=mode,
        key=bindparam("kept_key", type_=String),
        key_hash=bindparam("kept_hash", type_=String),
        created_at=now,
    )
    connection = session.connection()
    for batch in in_batches(rows):
        connection.execute(keys, batch)
    columns = ["pool_key_id", "what", "at", "detail"]
    imported = literal(KeyEventKind.IMPORTED.value)
    brought = select(PoolKey.id, imported, literal(now, KeyEvent.at.type), literal("")).where(
        PoolKey.product_id == product_id, PoolKey.id > newest
    )
    session.execute(insert(KeyEvent.__table__).from_select(columns, brought))  # type: ignore[arg-type]
