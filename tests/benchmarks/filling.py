"""A shop that has sold much: copies of its first sale, written by the database itself."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

import click
from sqlalchemy import Connection, bindparam, text

from storefront.core import clock
from storefront.core.db import Base, UtcDateTime, db
from tests.benchmarks.world import World


@dataclass(frozen=True, slots=True)
class Copied:
    """`own` are texts that no two rows share, `links` the tables that columns point to."""

    own: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)


TABLES = {
    "customers": Copied(("email", "email_key")),
    "orders": Copied(
        ("number", "checkout_session_id", "payment_intent_id", "email", "token_hash"),
        {"customer_id": "customers", "holder_id": "customers"},
    ),
    "order_items": Copied(links={"order_id": "orders"}),
    "grants": Copied(links={"order_item_id": "order_items"}),
    "licenses": Copied(("key_hash",), {"grant_id": "grants"}),
    "outbox": Copied(("dedupe_key", "message_id"), {"order_id": "orders"}),
    "stripe_events": Copied(("id", "object_id")),
}


# Nobody owes anything for what was sold before, and it was not today.
LONG_AGO = (
    "UPDATE orders SET placed_at = :then, paid_at = :then",
    "UPDATE outbox SET state = 'sent', due_at = :then, sent_at = :then",
)
AGE = timedelta(days=30)


def fill(world: World, orders: int) -> None:
    """Sell once, then copy that sale so many times. The database must have sold nothing before."""
    world.handled_event()
    begun = time.perf_counter()
    with world.app.app_context(), db.engine.connect().execution_options(writes=True) as connection:
        with connection.begin():
            for statement in LONG_AGO:
                then = bindparam("then", clock.now() - AGE, UtcDateTime())
                connection.execute(text(statement).bindparams(then))
            spans = {name: _span(connection, name) for name in TABLES}
            for name, copied in TABLES.items():
                connection.execute(text(_copy(name, copied, spans, orders)))
                _count_on(connection, name)
        with connection.begin():
            connection.execute(text("ANALYZE"))
    click.echo(f"\n({orders:,} orders put into the database in {time.perf_counter() - begun:.0f} s)")


def _has_number(name: str) -> bool:
    return Base.metadata.tables[name].c.id.type.python_type is int


def _span(connection: Connection, name: str) -> int:
    """Ids of copies lie so far apart, and what points to them follows."""
    if not _has_number(name):
        return 0
    return int(connection.scalar(text(f"SELECT max(id) FROM {name}")) or 0)


def _copy(name: str, copied: Copied, spans: dict[str, int], orders: int) -> str:
    values = []
    columns = [column.name for column in Base.metadata.tables[name].columns]
    for column in columns:
        if column in copied.own:
            values.append(f"{column} || '-' || n")
        elif column in copied.links:
            values.append(f"{column} + n * {spans[copied.links[column]]}")
        elif column == "id":
            values.append(f"id + n * {spans[name]}")
        else:
            values.append(column)
    return (
        f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {orders})"
        f" INSERT INTO {name} ({', '.join(columns)})"
        f" SELECT {', '.join(values)} FROM {name} CROSS JOIN numbers"
    )


def _count_on(connection: Connection, name: str) -> None:
    """PostgreSQL counts ids by itself, and has not seen these."""
    if connection.dialect.name == "postgresql" and _has_number(name):
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"))
