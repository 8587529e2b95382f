"""Leases: every consumer runs each periodic job, one of them works. A bug in one holds up no other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storefront.core.db import db
from storefront.core.leases import take_lease
from storefront.worker import forget_hourly, run_each
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sign_in import make_customer, signed_in

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
THREADS = 8


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_gives_a_lease_to_one_of_many_who_ask_at_once(app: Flask) -> None:
    start = threading.Barrier(THREADS)

    def ask() -> bool:
        with app.app_context():
            start.wait(10)
            return take_lease("retry_events", seconds=50)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [future.result(30) for future in [pool.submit(ask) for _ in range(THREADS)]]
    assert sorted(answers) == [False] * (THREADS - 1) + [True]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_gives_an_expired_lease_to_the_next(app: Flask) -> None:
    with app.app_context():
        with time_machine.travel(NOON, tick=False):
            assert take_lease("retry_events", seconds=50)
        with time_machine.travel(NOON + timedelta(seconds=49), tick=False):
            assert not take_lease("retry_events", seconds=50)
        with time_machine.travel(NOON + timedelta(seconds=50), tick=False):
            assert take_lease("retry_events", seconds=50)
            assert not take_lease("retry_events", seconds=50)


def test_waits_for_no_clock_that_was_put_back(app: Flask) -> None:
    with app.app_context():
        with time_machine.travel(NOON + timedelta(days=3), tick=False):
            assert take_lease("retry_events", seconds=50)
        with time_machine.travel(NOON, tick=False):
            assert take_lease("retry_events", seconds=50)
            assert not take_lease("retry_events", seconds=50)


def test_believes_another_host_whose_clock_is_minutes_ahead(app: Flask) -> None:
    with app.app_context():
        with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
            assert take_lease("retry_events", seconds=50)
        with time_machine.travel(NOON, tick=False):
            assert not take_lease("retry_events", seconds=50)


def test_gives_leases_of_different_jobs_independently(app: Flask) -> None:
    with app.app_context():
        assert take_lease("one", seconds=50)
        assert take_lease("two", seconds=50)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_runs_the_jobs_of_an_hour_whatever_befalls_the_first(app: Flask) -> None:
    """Its error is raised at the end, so that the log has it."""
    done: list[str] = []

    def meets_a_bug() -> None:
        done.append("first")
        db.session.execute(text("SELECT nothing FROM nowhere"))

    def asks() -> None:
        assert db.session.execute(text("SELECT 1")).scalar_one() == 1
        done.append("second")

    with app.app_context(), pytest.raises(SQLAlchemyError, match="nowhere"):
        run_each((meets_a_bug, asks, lambda: done.append("third")))
    assert done == ["first", "second", "third"]


def test_forgets_browsers_though_proofs_cannot_be_forgotten(app: Flask) -> None:
    make_customer(app)
    signed_in(app)
    change_rows(app, "UPDATE sign_ins SET last_seen_at = '2020-01-01 00:00:00'", "DROP TABLE address_proofs")
    with app.app_context():
        with pytest.raises(SQLAlchemyError, match="address_proofs"):
            forget_hourly()
        db.session.remove()
    assert read_rows(app, "SELECT * FROM sign_ins") == []
