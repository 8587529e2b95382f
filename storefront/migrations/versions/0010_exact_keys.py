"""Imported keys are told apart exactly as they are written, and may be longer than an index takes."""

import hashlib
import re
import unicodedata
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BATCH = 1000
POOL = sa.table(
    "pool_keys",
    sa.column("id", sa.Integer),
    sa.column("key", sa.String),
    sa.column("key_hash", sa.String),
    sa.column("grant_id", sa.Integer),
    sa.column("removed_at", sa.DateTime),
)


def _exact(key: str) -> str:
    """As the shop of this revision looks imported keys up; copied, so that it stays what it was."""
    plain = key.replace("\r\n", "\n").replace("\r", "\n").strip()
    return hashlib.sha256(f"exact {plain}".encode()).hexdigest()


def _normal(key: str) -> str:
    """As the shop looks up keys of its own, and before this revision all of them."""
    if not key.isascii():
        key = "".join(each for each in unicodedata.normalize("NFKC", key) if unicodedata.category(each) != "Cf")
    return hashlib.sha256(re.sub(r"[\s\-\u2010-\u2015\u2212]+", "", key).upper().encode()).hexdigest()


def _hash_unsold(hash_of: Callable[[str], str], *, may_meet: bool) -> None:
    """What was sold keeps the hash that its license has: whoever typed it in small letters goes on doing so.

    Two keys that differ in their spelling meet in one normal form: then the second keeps its exact one.
    """
    connection, last = op.get_bind(), 0
    while rows := connection.execute(
        sa.select(POOL.c.id, POOL.c.key)
        .where(POOL.c.id > last, POOL.c.grant_id.is_(None))
        .order_by(POOL.c.id)
        .limit(BATCH)
    ).all():
        last = rows[-1].id
        new = {row.id: hash_of(row.key) for row in rows}
        if may_meet:
            new = _without_met(connection, new)
        if new:
            connection.execute(
                sa.update(POOL).where(POOL.c.id == sa.bindparam("row")).values(key_hash=sa.bindparam("made")),
                [{"row": row_id, "made": made} for row_id, made in new.items()],
            )


def _without_met(connection: sa.Connection, new: dict[int, str]) -> dict[int, str]:
    taken = set(connection.scalars(sa.select(POOL.c.key_hash).where(POOL.c.key_hash.in_(new.values()))))
    kept: dict[int, str] = {}
    for row_id, made in new.items():
        if made not in taken:
            kept[row_id] = made
            taken.add(made)
    return kept


def upgrade() -> None:
    with op.batch_alter_table("licenses", schema=None) as batch_op:
        batch_op.drop_constraint("uq_licenses_key", type_="unique")
    _hash_unsold(_exact, may_meet=False)


def downgrade() -> None:
    _hash_unsold(_normal, may_meet=True)
    with op.batch_alter_table("licenses", schema=None) as batch_op:
        batch_op.create_unique_constraint("uq_licenses_key", ["key"])
