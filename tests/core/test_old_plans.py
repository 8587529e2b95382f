"""A migration that gives a column another type, under a process that has prepared its statements on PostgreSQL."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import NotSupportedError

from storefront.core.db import one_read, outside_the_pool, read_all, transaction
from storefront.core.outages import find_outage
from tests.support.rows import change_rows

READ = text("SELECT number FROM retyped")
PREPARED = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%retyped%'")
SERVER = text("SELECT pg_backend_pid()")
MORE_THAN_ENOUGH = 8  # psycopg prepares what it sees for the sixth time

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def read_alone() -> None:
    assert read_all(READ, {}) == [(1,)]


def read_by_hand() -> None:
    with one_read() as connection:
        assert connection.execute(READ).all() == [(1,)]


def change() -> None:
    with transaction() as session:
        assert session.execute(READ).all() == [(1,)]


def prepare_and_retype(app: Flask, use: Callable[[], None]) -> None:
    change_rows(app, "CREATE TABLE retyped (number integer)")
    change_rows(app, "INSERT INTO retyped VALUES (1)")
    for _again in range(MORE_THAN_ENOUGH):
        use()
    with one_read() as connection:
        assert connection.execute(PREPARED).scalar_one() == 1
    with outside_the_pool() as other, other.begin():  # as `db upgrade`: who says ALTER forgets its own
        other.execute(text("ALTER TABLE retyped ALTER COLUMN number TYPE bigint"))


def test_reads_on_after_a_column_got_another_type(app: Flask) -> None:
    with app.app_context():
        prepare_and_retype(app, read_alone)
        for _again in range(MORE_THAN_ENOUGH):
            read_alone()


@pytest.mark.parametrize("use", [read_by_hand, change])
def test_fails_once_and_as_an_outage_after_a_column_got_another_type(app: Flask, use: Callable[[], None]) -> None:
    with app.app_context():
        prepare_and_retype(app, use)
        with pytest.raises(NotSupportedError, match="cached plan must not change result type") as caught:
            use()
        assert find_outage(caught.value) is not None
        for _again in range(MORE_THAN_ENOUGH):
            use()


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("SELECT 1 FROM people one LEFT JOIN people other ON one.id = other.id FOR UPDATE", "FOR UPDATE cannot"),
        ("ALTER TABLE retyped ALTER COLUMN number TYPE bigint", "used by a view or rule"),
    ],
)
def test_keeps_what_else_postgresql_does_not_do_a_bug(app: Flask, statement: str, because: str) -> None:
    """Of the same SQLSTATE; and the connection is as good as before."""
    change_rows(app, "CREATE TABLE retyped (number integer)")
    change_rows(app, "CREATE VIEW seen AS SELECT number FROM retyped")
    with app.app_context(), one_read() as connection:
        server = connection.execute(SERVER).scalar_one()
        with pytest.raises(NotSupportedError, match=because) as caught:
            connection.execute(text(statement))
        assert find_outage(caught.value) is None
        assert connection.execute(SERVER).scalar_one() == server
