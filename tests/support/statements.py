"""Counts what a request costs: SQL statements, without BEGIN and COMMIT."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from storefront.core.db import db

NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT")


@contextmanager
def counted(app: Flask, *, inserts: bool = True) -> Iterator[list[str]]:
    """The statements that this thread runs inside the block, in order; `inserts=False` leaves INSERTs out.

    Others do not count: a late webhook, for one, is answered in a thread of its own.
    """
    statements: list[str] = []
    counting = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        first = statement.lstrip().upper()
        if threading.get_ident() != counting or first.startswith(NOT_COUNTED):
            return
        if inserts or not first.startswith("INSERT"):
            statements.append(statement)

    with _listening(app, note):
        yield statements


@contextmanager
def values_counted(app: Flask) -> Iterator[dict[str, int]]:
    """How many values each statement inside the block carries at most. SQLAlchemy splits INSERTs by itself."""
    most: dict[str, int] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, is_many: bool) -> None:
        if not is_many and not statement.lstrip().upper().startswith("INSERT"):
            most[statement] = max(most.get(statement, 0), len(values))

    with _listening(app, note):
        yield most


@contextmanager
def _listening(app: Flask, note: Callable[..., None]) -> Iterator[None]:
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)
