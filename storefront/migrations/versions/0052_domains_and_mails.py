"""One buyer for both spellings of a domain, bücher.example and xn--bcher-kva.example; indexes for owners."""

from collections.abc import Iterator

import idna
import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

INDEXES = (
    ("outbox", ["recipient"]),  # what a buyer was mailed
    ("outbox", ["mode", "sent_at"]),  # the last that left
    ("customers", ["moved_to_id"]),
)
PLAIN = ("address_proofs", "abandoned_checkouts", "gifts")
REQUESTS = "availability_requests"

GIVE_UP = (
    "UPDATE stripe_customers SET customer_id = NULL, email = '', given_up_at = CURRENT_TIMESTAMP"
    " WHERE customer_id = :row"
)
END_NEWS = (
    "UPDATE customers SET unsubscribed_at = coalesce(unsubscribed_at,"
    " (SELECT unsubscribed_at FROM customers WHERE id = :row)) WHERE id = :into"
)


def upgrade() -> None:
    for table, columns in INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    for name in PLAIN:
        for row_id, key in _changed(name):
            _set_key(name, row_id, key)
    for row_id, key in _changed("people"):
        if _find_twin("people", row_id, key, ()) is None:
            _set_key("people", row_id, key)
    for row_id, key in _changed(REQUESTS):
        twin_id = _find_twin(REQUESTS, row_id, key, ("mode", "product_id"))
        _set_key(REQUESTS, row_id if twin_id is None else _keep_one_request(row_id, twin_id), key)
    for row_id, key in _changed("customers"):
        twin_id = _find_twin("customers", row_id, key, ("mode",))
        if twin_id is None:
            _set_key("customers", row_id, key)
        else:
            _merge(row_id, into=twin_id)


def downgrade() -> None:
    """Keys stay as they are: the shop of before finds the same rows by the ASCII spelling."""
    for table, columns in INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table)


def _table(name: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, ("id", "email_key", "mode", "product_id")))


def _changed(name: str) -> Iterator[tuple[int, str]]:
    """Yield the rows whose domain has letters beyond ASCII, with what their key is from now on."""
    columns = _table(name).c
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    beyond = columns.email_key.op("GLOB")("*[^ -~]*") if is_sqlite else columns.email_key.op("~")("[^ -~]")
    rows = op.get_bind().execute(sa.select(columns.id, columns.email_key).where(beyond).order_by(columns.id)).all()
    for row_id, key in rows:
        new = _fold(key)
        if new != key:
            yield row_id, new


def _fold(key: str) -> str:
    local, at, domain = key.rpartition("@")
    if domain.isascii():
        return key
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True, std3_rules=True).decode()}"
    except idna.IDNAError:
        return key


def _find_twin(name: str, row_id: int, key: str, beside: tuple[str, ...]) -> int | None:
    """Return the row that has this key already, of those that may not have the same."""
    own, other = _table(name).alias("own"), _table(name).alias("other")
    same = [other.c[column] == own.c[column] for column in beside]
    found = sa.select(other.c.id).where(own.c.id == row_id, other.c.email_key == key, *same)
    twin_id: int | None = op.get_bind().execute(found).scalar()
    return twin_id


def _keep_one_request(row_id: int, twin_id: int) -> int:
    """Delete one of two that want the same email, or erasing would not find it; one that is confirmed stays.

    Its own emails that wait find nothing to tell of, and are canceled.
    """
    table = sa.table(REQUESTS, sa.column("id"), sa.column("confirmed_at"))
    confirmed = sa.select(table.c.id).where(table.c.id.in_((row_id, twin_id)), table.c.confirmed_at.is_not(None))
    kept = row_id if set(op.get_bind().execute(confirmed).scalars()) == {row_id} else twin_id
    gone = ({row_id, twin_id} - {kept}).pop()
    op.get_bind().execute(sa.delete(table).where(table.c.id == gone))
    return kept


def _set_key(name: str, row_id: int, key: str) -> None:
    table = _table(name)
    op.get_bind().execute(sa.update(table).where(table.c.id == row_id).values(email_key=key))


def _merge(row_id: int, *, into: int) -> None:
    """Give everything to the other, and let what still names this one mean that one, as the shop merges buyers."""
    for statement in (
        "UPDATE orders SET customer_id = :into WHERE customer_id = :row",
        "UPDATE orders SET holder_id = :into WHERE holder_id = :row",
        "UPDATE customers SET moved_to_id = :into WHERE moved_to_id = :row",
        "DELETE FROM sign_ins WHERE customer_id = :row",
        GIVE_UP,
        END_NEWS,
        "UPDATE customers SET email = '', email_key = 'moved:' || id, moved_to_id = :into WHERE id = :row",
    ):
        op.get_bind().execute(sa.text(statement), {"row": row_id, "into": into})
