"""The queue is only the engine: `nudge(name)` says "look again", carries no data, and may fail."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from threading import Event, Lock
from typing import Any

from flask import Flask
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.api import TaskWrapper
from huey.consumer import BaseProcess, Consumer, Scheduler, Worker
from huey.exceptions import HueyException
from huey.storage import PostgresStorage, SqliteStorage

from storefront.core.absence import Absence
from storefront.core.config.settings import Settings
from storefront.core.measurements import FAILED_NUDGES, measurements
from storefront.core.runtime import Part

log = logging.getLogger(__name__)

NAME = "storefront"
SHUTDOWN_SECONDS = 25
RETRY_SECONDS = 1
TABLES_TURN = 7_863_015  # any number that nobody else in this database locks
ANSWER_SECONDS = 2  # a page asks the queue after its commit, and must not wait for one that is silent


class Queue:
    """The Huey object with our jobs. A job is a function without arguments, known by its name."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jobs: dict[str, Callable[[], None]] = {}
        self.failed_nudges = 0
        self.absence = Absence("queue")

    @cached_property
    def huey(self) -> Huey:
        """Make it when first needed: a shop whose queue is down still starts and sells."""
        return make_huey(self.url)

    @cached_property
    def _run(self) -> TaskWrapper:
        return self.huey.task(name="run_job")(self._run_job)

    def _run_job(self, name: str) -> None:
        self.jobs[name]()

    def add_job(self, name: str, job: Callable[[], None], *, every_minute: bool = False) -> None:
        """Tell a worker what `nudge(name)` runs. With `every_minute` the clock runs it too, without a nudge."""
        self.jobs[name] = job
        if every_minute:
            self.huey.periodic_task(crontab(), name=f"every_minute_{name}")(job)

    def nudge(self, name: str, *, delay_seconds: int = 0) -> bool:
        """Ask a worker to run the job. False when the queue is down: the periodic run will do it later."""
        try:
            if delay_seconds:
                self._run.schedule((name,), delay=delay_seconds)
            else:
                self._run(name)
        except (HueyException, *_engine_errors()):
            self.failed_nudges += 1
            log.warning("queue did not take the nudge", extra={"job": name})
            return False
        return True

    def wait(self) -> None:
        """Wait until the queue answers: a worker may be started before the database its queue is in."""
        while True:
            try:
                self.huey.storage.queue_size()
            except _engine_errors() as error:
                self.absence.note(error)
                time.sleep(RETRY_SECONDS)
            else:
                self.absence.end()
                return

    def consumer(self, *, workers: int) -> Consumer:
        self._run  # noqa: B018 - registers the task with Huey, so that the consumer knows it
        return _Consumer(
            self.huey,
            self.absence,
            workers=workers,
            worker_type="thread",
            periodic=True,
            initial_delay=0.1,
            max_delay=1.0,
            # systemd and containers say SIGTERM: finish the email in hand, or it would be sent twice.
            graceful_signal="TERM",
            shutdown_timeout=SHUTDOWN_SECONDS,
        )


class _Patient(BaseProcess):  # type: ignore[misc] # Huey has no types
    """A thread of the consumer that waits for a lost queue: asks once a second, and goes on where it was."""

    huey: Huey
    stop_flag: Event
    absence: Absence
    closing: Lock

    def create_logger(self) -> logging.Logger:
        """Return a logger that no other consumer has: the filter on it is for this one alone."""
        own = logging.Logger(f"huey.consumer.{self.process_name}")  # noqa: LOG001 - those of getLogger() are shared
        own.parent = logging.getLogger("huey.consumer")
        return own

    def loop(self, now: datetime | None = None) -> None:
        if self.absence.is_on and (self.stop_flag.wait(RETRY_SECONDS) or not self._is_back()):
            return
        super().loop(now)

    def shutdown(self) -> None:
        super().shutdown()
        with self.closing:  # Huey's close() does not bear two at once
            self.huey.storage.close()  # each thread listens on a connection of its own

    def _is_back(self) -> bool:
        try:
            make_tables(self.huey)  # it may have come back empty
            self.huey.storage.queue_size()
        except _engine_errors() as error:
            self.absence.note(error)
            return False
        self.absence.end()
        return True


class _Worker(_Patient, Worker):  # type: ignore[misc] # Huey has no types
    pass


class _Scheduler(_Patient, Scheduler):  # type: ignore[misc] # Huey has no types
    pass


class _Consumer(Consumer):  # type: ignore[misc] # Huey has no types
    worker_class = _Worker
    scheduler_class = _Scheduler

    def __init__(self, huey: Huey, absence: Absence, **options: Any) -> None:  # noqa: ANN401 - Huey's options
        self.absence = absence
        self.closing = Lock()
        super().__init__(huey, **options)

    def _create_process(self, process: _Patient, name: str) -> Any:  # noqa: ANN401 - a thread of Huey's
        process.absence, process.closing = self.absence, self.closing
        process._logger.addFilter(self._is_ours)  # noqa: SLF001 - Huey has no other door for it
        return super()._create_process(process, name)

    def _is_ours(self, record: logging.LogRecord) -> bool:
        """Leave out the tracebacks that each of Huey's threads logs every moment while a queue does not answer."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, _engine_errors()):
            self.absence.note(error)
            return False
        return True


@cache
def _engine_errors() -> tuple[type[Exception], ...]:
    import sqlite3  # noqa: PLC0415 - each engine's errors only where that engine is installed

    errors: list[type[Exception]] = [OSError, sqlite3.Error]
    for module, error in (("psycopg", "Error"), ("redis.exceptions", "RedisError")):
        try:
            errors.append(getattr(__import__(module, fromlist=[error]), error))
        except ImportError:
            continue
    return tuple(errors)


def _with(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def make_huey(url: str) -> Huey:
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return _with_tables(SqliteHuey(NAME, filename=str(path), results=False, create_tables=False))
    if url.startswith("redis"):
        limits = f"socket_connect_timeout={ANSWER_SECONDS}&socket_timeout={ANSWER_SECONDS + 3}"
        return RedisHuey(NAME, url=_with(url, limits), results=False)
    dsn = _with(url, f"connect_timeout={ANSWER_SECONDS}")
    return _with_tables(PostgresHuey(NAME, dsn=dsn, results=False, create_tables=False))


def _with_tables(huey: Huey) -> Huey:
    make_tables(huey)
    return huey


def make_tables(huey: Huey) -> None:
    """Make missing tables. In PostgreSQL one at a time: of two who CREATE IF NOT EXISTS at once, one fails."""
    storage = huey.storage
    if isinstance(storage, PostgresStorage):
        with storage.db(commit=True) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (TABLES_TURN,))
            for statement in storage.ddl:
                cursor.execute(statement)
    elif isinstance(storage, SqliteStorage):
        storage.initialize_schema()


QUEUE = Part[Queue]("queue")


def set_up_queue(app: Flask, settings: Settings) -> None:
    QUEUE.set(Queue(settings.queue_url), app)


def queue() -> Queue:
    return QUEUE.get()


def nudge(name: str, *, delay_seconds: int = 0) -> bool:
    """Ask a worker to run the job. When the queue did not take it: False, and counted."""
    was_taken = queue().nudge(name, delay_seconds=delay_seconds)
    if not was_taken:
        measurements().add(FAILED_NUDGES, name)
    return was_taken
