"""What each connection to SQLite is told.

Writers start with BEGIN IMMEDIATE: a read transaction that turns into a write fails at once with "database is
locked", whatever the timeout.
"""

from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.pool import ConnectionPoolEntry

PRAGMAS = (
    "journal_mode=WAL",
    "foreign_keys=ON",
    "synchronous=FULL",
    "temp_store=MEMORY",
    "secure_delete=ON",  # what a buyer had erased does not stay in the file's free pages
    "trusted_schema=ON",  # the triggers of `migrations/page_marks.py` say lower(); somebody may have built it off
)


def set_up_connection(dbapi_connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own class
    dbapi_connection.isolation_level = None  # `begin` decides
    dbapi_connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = dbapi_connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # A plain BEGIN waits for nothing and cannot fail; through SQLAlchemy it costs as much as a small query.
        connection.connection.cursor().execute("BEGIN")


def _lower(value: object) -> str | None:
    """Lower the letters of every language, as PostgreSQL does: SQLite's own knows those of ASCII.

    No index and no constraint may say lower(): a program that opens the file without this has the other one.
    """
    # Sigma is another letter at the end of a word, and what is looked for may be the beginning of a longer one.
    return None if value is None else str(value).lower().replace("\u03c2", "\u03c3")
