"""Alembic's entry: runs with the shop's own engine and metadata."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection

from storefront.core.db import Base, db, writers_turn
from storefront.migrations.ids import never_reused
from storefront.migrations.page_marks import mark_drawn_last
from storefront.migrations.references import unbroken_references

log = logging.getLogger("storefront.migrations")

target_metadata = Base.metadata
TURN = 7_863_014  # any number that nobody else in this database locks


def include_object(_object: object, name: str | None, type_: str, reflected: bool, _to: object) -> bool:
    """Huey keeps its tables in the same PostgreSQL database when the queue is there too."""
    return not (type_ == "table" and reflected and (name or "").startswith("huey_"))


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite alters a table by making it anew, and dropping the old one would delete what points to it.

    Checked at the end instead (`references.py`). The switch does nothing inside a transaction, so it is thrown
    outside.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _wait_for_turn(connection: Connection) -> None:
    """Two machines that start at once both upgrade. Until COMMIT; SQLite has its own line."""
    if connection.dialect.name != "postgresql":
        return
    if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:turn)"), {"turn": TURN}):
        log.warning("another upgrade is at work: waiting for it")
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})


def run_migrations() -> None:
    with (
        writers_turn(),
        db.engine.connect().execution_options(writes=True) as connection,
        _without_foreign_keys(connection),
    ):
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            include_object=include_object,
            render_as_batch=connection.dialect.name == "sqlite",
            # SQLite can, too: all steps or none, and whoever comes second finds all of them made.
            transactional_ddl=True,
        )
        with context.begin_transaction():
            _wait_for_turn(connection)
            with unbroken_references(connection), never_reused(connection), mark_drawn_last(connection):
                context.run_migrations()


run_migrations()
