"""A database that is locked, full, read-only, used up or gone, made so without a second machine."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from storefront.core.db import db
from storefront.core.runtime import runtime
from tests.support.shop import make_event, post_event

Break = Callable[[Flask], Any]
RETURN = "/checkout/return?session_id=cs_test_" + "a" * 20
ORDER = "/orders/" + "0123456789abcdef" * 2


def path_of(app: Flask) -> str:
    return str(runtime(app).settings.database_url.removeprefix("sqlite:///"))


@contextmanager
def with_pragma(app: Flask, pragma: str, undo: str) -> Iterator[None]:
    """On every connection of the shop, as it is taken from the pool."""

    def run(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", run)
    try:
        yield
    finally:
        event.remove(engine, "checkout", run)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA {undo}")


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    """By another program that writes and does not end; the shop waits for it a moment only."""
    other = sqlite3.connect(path_of(app), isolation_level=None)
    with with_pragma(app, "busy_timeout=50", "busy_timeout=30000"):
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            other.close()


@contextmanager
def full(app: Flask) -> Iterator[None]:
    """Not one page more fits: what is free inside the file is filled first."""
    other = sqlite3.connect(path_of(app), isolation_level=None)
    pages = other.execute("PRAGMA page_count").fetchone()[0]
    other.execute("CREATE TABLE filling (bytes BLOB)")
    other.execute(f"PRAGMA max_page_count={pages + 8}")
    size = 4096 * 16
    while size:
        try:
            other.execute("INSERT INTO filling VALUES (zeroblob(?))", (size,))
        except sqlite3.OperationalError:
            size //= 2
    pages = other.execute("PRAGMA page_count").fetchone()[0]
    other.close()
    with with_pragma(app, f"max_page_count={pages}", "max_page_count=1073741823"):
        yield


@contextmanager
def read_only(app: Flask) -> Iterator[None]:
    with with_pragma(app, "query_only=ON", "query_only=OFF"):
        yield


@contextmanager
def used_up(app: Flask) -> Iterator[None]:
    """Every connection of the pool is in use, and the next one who wants one waits a moment only."""
    with app.app_context():
        engine = db.engine
    pool: Any = engine.pool
    patience, pool._timeout = pool._timeout, 0.05
    held = [engine.connect() for _ in range(pool.size())]
    try:
        yield
    finally:
        pool._timeout = patience
        for connection in held:
            connection.close()


def deliver(app: Flask, number: int) -> TestResponse:
    return post_event(app, make_event("charge.refunded", "pi_" + "a" * 20, event_id=f"evt_{number}"))


def demand_trouble(answer: TestResponse) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
