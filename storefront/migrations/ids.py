"""SQLite gives the id of a deleted row again, unless its table says AUTOINCREMENT; PostgreSQL never does.

Every table that a migration makes gets it, whether the migration says so or not, and none that is made anew
forgets which ids were given: SQLite alters a table by making a second one, and its count would begin anew at the
rows that are left.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Table, event, inspect, text
from sqlalchemy.engine import Connection

IS_ANY = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"  # made with the first such table


@contextmanager
def never_reused(connection: Connection) -> Iterator[None]:
    """Around the migrations, inside their transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    event.listen(Table, "before_create", _count_up)
    try:
        before = given_ids(connection)
        yield
        raise_ids(connection, before)
    finally:
        event.remove(Table, "before_create", _count_up)


def _count_up(table: Table, _connection: Connection, **_how: object) -> None:
    table.dialect_options["sqlite"]["autoincrement"] = True


def given_ids(connection: Connection) -> dict[str, int]:
    """Table -> the highest id it ever gave, of those that count up."""
    if connection.scalar(text(IS_ANY)) is None:
        return {}
    return {name: int(last) for name, last in connection.execute(text("SELECT name, seq FROM sqlite_sequence"))}


def raise_ids(connection: Connection, at_least: Mapping[str, int]) -> None:
    """The next ids are higher than these; what counts further already stays. Of tables that are there."""
    now = given_ids(connection)
    for name in sorted(at_least.keys() & set(inspect(connection).get_table_names())):
        if at_least[name] <= now.get(name, 0):
            continue
        row = {"name": name, "last": at_least[name]}
        known = name in now
        statement = "UPDATE sqlite_sequence SET seq = :last WHERE name = :name"
        connection.execute(
            text(statement if known else "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), row
        )
