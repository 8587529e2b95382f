"""The queue is only the engine: a nudge may fail, a job is never lost with it."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.queue import QUEUE, Queue, nudge
from storefront.worker import add_jobs
from tests.support.databases import Databases


def close(queue: Queue) -> None:
    queue.huey.storage.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////proc/nowhere/queue.db",
        "sqlite:////",
        "postgresql://nobody@127.0.0.1:9/queue?connect_timeout=2",
        "redis://127.0.0.1:9/0",
    ],
    ids=["no folder", "no file", "no postgresql", "no redis"],
)
def test_takes_no_nudge_and_raises_nothing_when_it_is_down(url: str) -> None:
    queue = Queue(url)
    assert queue.nudge("outbox") is False
    assert queue.nudge("outbox", delay_seconds=5) is False
    assert queue.failed_nudges == 2


def test_sells_on_while_the_queue_is_down(app: Flask) -> None:
    QUEUE.set(Queue("sqlite:////proc/nowhere/queue.db"), app)
    with app.app_context():
        assert nudge("outbox") is False
    assert app.test_client().get("/").status_code == 200


def test_takes_nudges_again_when_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    folder.write_text("in the way of the folder")
    queue = Queue(f"sqlite:///{folder / 'queue.db'}")
    assert queue.nudge("outbox") is False
    folder.unlink()
    assert queue.nudge("outbox") is True
    close(queue)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def queue_url(request: pytest.FixtureRequest, tmp_path: Path, all_databases: Databases) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'queue.db'}"
    return all_databases.make("postgresql", tmp_path)


def test_runs_in_the_worker_what_a_page_nudged(queue_url: str) -> None:
    """Two Queue objects, as in two processes: what the page puts in, the worker's consumer takes out."""
    page, worker = Queue(queue_url), Queue(queue_url)
    ran = threading.Event()
    threads: list[str] = []

    def job() -> None:
        threads.append(threading.current_thread().name)
        ran.set()

    worker.add_job("outbox", job)
    assert page.nudge("outbox") is True
    consumer = worker.consumer(workers=1)
    for process in (consumer.scheduler, *(thread for _, thread in consumer.worker_threads)):
        process.start()
    try:
        assert ran.wait(10)
    finally:
        consumer.stop(graceful=True)
    close(page)
    close(worker)
    assert threads
    assert threading.current_thread().name not in threads


def test_runs_a_delayed_nudge_later(tmp_path: Path) -> None:
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}")
    assert queue.nudge("outbox", delay_seconds=60) is True
    task = queue.huey.dequeue()
    close(queue)
    assert not queue.huey.ready_to_run(task)
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert queue.huey.ready_to_run(task)


def test_nudges_at_once_and_a_second_later_for_a_crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes in between is covered by the one that is to run; after it, everything begins anew."""
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}")
    moments, asked = [100.0, 100.1, 100.2, 100.9, 101.05, 102.5], list[tuple[float, int]]()

    def take(_name: str, *, delay_seconds: int = 0) -> bool:
        asked.append((moments[0], delay_seconds))
        return True

    monkeypatch.setattr(queue, "nudge", take)
    monkeypatch.setattr("storefront.core.queue.time.monotonic", lambda: moments[0])
    while moments:
        assert queue.nudge_in_crowd("outbox") is True
        moments.pop(0)
    assert asked == [(100.0, 0), (100.1, 1), (101.05, 0), (102.5, 0)]


def test_covers_nobody_with_a_nudge_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}")
    with monkeypatch.context() as down:
        down.setattr(queue, "nudge", lambda _name, **_delay: False)
        assert [queue.nudge_in_crowd("outbox") for _twice in range(2)] == [False, False]
    assert queue.nudge_in_crowd("outbox") is True
    assert len(queue.huey.pending()) == 1
    close(queue)


def test_keeps_no_answers_that_nobody_asks_for(tmp_path: Path) -> None:
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}")
    queue.add_job("outbox", lambda: None)
    queue.nudge("outbox")
    queue.huey.execute(queue.huey.dequeue())
    assert len(queue.huey.pending()) == 0
    assert queue.huey.result_count() == 0
    close(queue)


def test_runs_the_outbox_and_lost_events_every_minute_without_a_nudge(app: Flask) -> None:
    queue = add_jobs(app)
    for minute in (0, 1, 17, 59):
        due = {task.name for task in queue.huey.read_periodic(datetime(2026, 11, 2, 3, minute))}  # noqa: DTZ001 - Huey's own
        assert due >= {"every_minute_outbox", "every_minute_retry_events"}
    close(queue)


def test_goes_on_after_a_job_that_failed(tmp_path: Path) -> None:
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}")
    done: list[str] = []

    def fail() -> None:
        raise LookupError

    queue.add_job("broken", fail)
    queue.add_job("outbox", lambda: done.append("outbox"))
    queue.nudge("broken")
    queue.nudge("outbox")
    for _ in range(2):
        queue.huey.execute(queue.huey.dequeue())
    close(queue)
    assert done == ["outbox"]


def test_has_a_folder_made_for_its_file(tmp_path: Path) -> None:
    queue = Queue(f"sqlite:///{tmp_path / 'new' / 'folder' / 'queue.db'}")
    assert queue.nudge("outbox") is True
    close(queue)
    assert (tmp_path / "new" / "folder" / "queue.db").exists()
