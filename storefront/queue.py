"""The queue is only the engine: `nudge(name)` says "look again", carries no data, and may fail."""

import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from flask import Flask, current_app
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.api import TaskWrapper
from huey.consumer import Consumer
from huey.exceptions import HueyException

from storefront.config import Settings
from storefront.measurements import FAILED_NUDGES, measurements

log = logging.getLogger(__name__)

NAME = "storefront"
SHUTDOWN_SECONDS = 25
ANSWER_SECONDS = 2  # a page asks the queue after its commit, and must not wait for one that is silent


class Queue:
    """The Huey object with our jobs. A job is a function without arguments, known by its name."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jobs: dict[str, Callable[[], None]] = {}
        self.failed_nudges = 0

    @cached_property
    def huey(self) -> Huey:
        """Made when first needed: a shop whose queue is down still starts and sells."""
        return make_huey(self.url)

    @cached_property
    def _run(self) -> TaskWrapper:
        return self.huey.task(name="run_job")(self._run_job)

    def _run_job(self, name: str) -> None:
        self.jobs[name]()

    def add_job(self, name: str, job: Callable[[], None], *, every_minute: bool = False) -> None:
        """For the worker: what `nudge(name)` runs, and what the clock runs without a nudge."""
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
        except (HueyException, OSError, *_engine_errors()):
            self.failed_nudges += 1
            log.warning("queue did not take the nudge", extra={"job": name})
            return False
        return True

    def consumer(self, *, workers: int) -> Consumer:
        self._run  # noqa: B018 - registers the task with Huey, so that the consumer knows it
        return self.huey.create_consumer(
            workers=workers,
            worker_type="thread",
            periodic=True,
            initial_delay=0.1,
            max_delay=1.0,
            # systemd and containers say SIGTERM: finish the mail in hand, or it would be sent twice.
            graceful_signal="TERM",
            shutdown_timeout=SHUTDOWN_SECONDS,
        )


def _engine_errors() -> tuple[type[Exception], ...]:
    import sqlite3  # noqa: PLC0415 - each engine's errors only where that engine is installed

    errors: list[type[Exception]] = [sqlite3.Error]
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
        return SqliteHuey(NAME, filename=str(path), results=False)
    if url.startswith("redis"):
        limits = f"socket_connect_timeout={ANSWER_SECONDS}&socket_timeout={ANSWER_SECONDS + 3}"
        return RedisHuey(NAME, url=_with(url, limits), results=False)
    return PostgresHuey(NAME, dsn=_with(url, f"connect_timeout={ANSWER_SECONDS}"), results=False)


def set_up_queue(app: Flask, settings: Settings) -> None:
    app.extensions["queue"] = Queue(settings.queue_url)


def queue() -> Queue:
    found: Queue = current_app.extensions["queue"]
    return found


def nudge(name: str, *, delay_seconds: int = 0) -> bool:
    """For pages and tasks: False, and counted, when the queue did not take it."""
    was_taken = queue().nudge(name, delay_seconds=delay_seconds)
    if not was_taken:
        measurements().add(FAILED_NUDGES, name)
    return was_taken
