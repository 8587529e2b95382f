"""Engines that are away: the worker waits for its queue and its database, says so once a minute, and goes on."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from storefront.core.absence import Absence
from storefront.core.queue import Queue
from storefront.core.queue_engine import make_huey
from storefront.worker import add_jobs, wait_for_database
from tests.support.databases import Databases
from tests.support.make_shop import MakeShop
from tests.support.shop import wait_for

AWAY, BACK = "engine does not answer", "engine answers again"
NOWHERE = "postgresql://nobody@127.0.0.1:9/shop"


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return every warning; none of them has a traceback."""
    loud = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record for record in loud if record.exc_info] == []
    return [record.getMessage() for record in loud]


@contextmanager
def closed(databases: Databases, url: str) -> Iterator[None]:
    """Make a PostgreSQL database end its connections and take no new ones."""
    name = make_url(url).database
    databases._execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    databases._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    try:
        yield
    finally:
        databases._execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')


def test_says_at_once_and_then_once_a_minute_what_is_away_and_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = [100.0]
    absence = Absence("queue", seconds_now=lambda: clock[0])
    absence.end()
    for clock[0] in (100.0, 100.1, 159.9, 160.1, 161.0):
        absence.note(ConnectionError("connection refused\nsecond line"))
    clock[0] = 170.0
    absence.end()
    absence.end()
    for clock[0] in (171.0, 190.0):  # comes and goes within the minute: nobody can read a line for each
        absence.note("never migrated")
        absence.end()
    for clock[0] in (200.0, 221.0):
        absence.note("never migrated")
    assert said(caplog) == [AWAY, AWAY, BACK, AWAY]
    fields = [(record.__dict__["engine"], record.__dict__["waited_seconds"]) for record in caplog.records]
    assert fields == [("queue", 0), ("queue", 60), ("queue", 70), ("queue", 21)]
    assert caplog.records[0].__dict__["why"] == "ConnectionError: connection refused"
    assert caplog.records[-1].__dict__["why"] == "never migrated"


@pytest.mark.postgresql
def test_makes_the_tables_of_a_fresh_queue_for_many_who_start_at_once(
    all_databases: Databases, tmp_path: Path
) -> None:
    """PostgreSQL's CREATE TABLE IF NOT EXISTS fails for the second of two."""
    start = threading.Barrier(8)
    for _ in range(3):
        url = all_databases.make("postgresql", tmp_path)

        def open_queue(url: str = url) -> int:
            start.wait(30)
            huey = make_huey(url)
            size = int(huey.storage.queue_size())
            huey.storage.close()
            return size

        with ThreadPoolExecutor(8) as pool:
            assert [future.result(60) for future in [pool.submit(open_queue) for _ in range(8)]] == [0] * 8


def test_waits_for_a_queue_that_comes_after_the_worker(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "queue"
    folder.write_text("in the way of the folder")
    queue = Queue(f"sqlite:///{folder / 'queue.db'}")
    waiting = threading.Thread(target=queue.wait, daemon=True)
    waiting.start()
    wait_for(lambda: AWAY in said(caplog))
    folder.unlink()
    waiting.join(30)
    assert not waiting.is_alive()
    assert said(caplog) == [AWAY, BACK]
    queue.huey.storage.close()


@pytest.mark.postgresql
def test_goes_on_when_a_lost_queue_is_back_and_says_two_lines_in_all(
    all_databases: Databases, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = all_databases.make("postgresql", tmp_path)
    worker, page, ran = Queue(url), Queue(url), threading.Event()
    worker.add_job("outbox", ran.set, every_minute=True)
    consumer = worker.consumer(workers=3)
    started = [consumer.scheduler, *(thread for _, thread in consumer.worker_threads)]
    for thread in started:
        thread.start()
    try:
        with closed(all_databases, url):
            wait_for(lambda: AWAY in said(caplog), seconds=60)
            assert not page.nudge("outbox")
            threading.Event().wait(3)  # three threads and the clock ask all the while
            assert all(thread.is_alive() for thread in started)
        wait_for(lambda: BACK in said(caplog), seconds=60)
        ran.clear()
        assert page.nudge("outbox")
        assert ran.wait(60)
    finally:
        consumer.stop(graceful=True)
        worker.huey.storage.close()
        page.huey.storage.close()
    assert [line for line in said(caplog) if line in (AWAY, BACK)] == [AWAY, BACK]
    assert set(said(caplog)) == {AWAY, BACK, "queue did not take the nudge"}


def test_leaves_a_bug_in_a_job_its_traceback(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}")

    def fail() -> None:
        raise LookupError

    queue.add_job("broken", fail)
    assert queue.nudge("broken")
    consumer = queue.consumer(workers=1)
    worker, _thread = consumer.worker_threads[0]
    worker.loop()
    queue.huey.storage.close()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [LookupError]


def test_says_once_that_the_shops_database_is_away_whichever_job_asks(
    make_shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    queue = add_jobs(make_shop(DATABASE_URL=NOWHERE))
    for name in sorted(queue.jobs):
        queue.jobs[name]()
    assert set(queue.jobs) >= {"outbox", "retry_events", "reconcile"}
    assert said(caplog) == [AWAY]
    assert caplog.records[0].__dict__["engine"] == "database"
    queue.huey.storage.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_waits_for_a_database_that_comes_after_the_worker(
    app: Flask, environment: dict[str, str], all_databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    with closed(all_databases, environment["DATABASE_URL"]):
        waiting = threading.Thread(target=wait_for_database, args=(app,), daemon=True)
        waiting.start()
        wait_for(lambda: AWAY in said(caplog), seconds=60)
        threading.Event().wait(2)
        assert waiting.is_alive()
    waiting.join(60)
    assert not waiting.is_alive()
    assert said(caplog) == [AWAY, BACK]
