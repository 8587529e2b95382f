"""Real concurrency at a known place: somebody holds a lock until others stand in line for it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from storefront.core.db import db, transaction
from tests.support.shop import wait_for

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def in_app(app: Flask, act: Callable[[], Any]) -> Any:
    with app.app_context():
        try:
            return act()
        finally:
            db.session.remove()


def count_in_line(app: Flask) -> int:
    """Of a PostgreSQL database: how many wait for somebody's lock."""
    with app.app_context(), db.engine.connect() as connection:
        return int(connection.scalar(text(WAITING)) or 0)


@contextmanager
def held(app: Flask, lock: Callable[[Session], object], *others: Callable[[], Any]) -> Iterator[list[Future[Any]]]:
    """`lock` is taken, then the others start; the body runs when all of them wait for it. Committed at its end."""
    with ThreadPoolExecutor(len(others)) as pool, app.app_context():
        with transaction() as session:
            lock(session)
            started = [pool.submit(in_app, app, other) for other in others]
            wait_for(lambda: count_in_line(app) >= len(others))
            yield started
        db.session.remove()
