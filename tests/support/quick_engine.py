"""Spares tests what shops must pay for: a disk flushed at each commit, statements compiled for each engine anew.

Compiling took a sixth of the time of a test with a sale, and flushing more than that on a slow disk.
"""

from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from storefront.core.db import READ_ENGINE, db

STATEMENTS = 10_000
_first: dict[str, Engine] = {}  # by the name of the dialect


def lend_statements(engine: Engine) -> None:
    """From one that has connected, so that its dialect knows what the server can do."""
    engine._compiled_cache = LRUCache(STATEMENTS)
    _first.setdefault(engine.dialect.name, engine)


def make_quick(app: Flask) -> None:
    """A process that dies loses nothing by this, only a machine would."""
    with app.app_context():
        engine: Engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_flushing_to_the_system)
    first = _first.get(engine.dialect.name)
    if first is not None:
        for borrower in (engine, READ_ENGINE.get(app)):
            borrower.dialect, borrower._compiled_cache = first.dialect, first._compiled_cache


def _leave_flushing_to_the_system(dbapi_connection: Any, _entry: ConnectionPoolEntry) -> None:
    dbapi_connection.execute("PRAGMA synchronous=OFF")
