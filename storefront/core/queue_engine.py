"""Huey behind the queue: each engine's tables and errors, and a consumer that waits for one that is lost.

`core/queue.py` loads it when it is first used; a server does so at its start.
"""

import logging
import signal
import sys
from datetime import datetime
from threading import Event, Lock
from types import FrameType
from typing import Any

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey import storage as drivers
from huey.api import TaskWrapper
from huey.consumer import BaseProcess, Consumer, Scheduler, Worker
from huey.exceptions import HueyException
from huey.storage import PostgresStorage, SqliteStorage

from storefront.core.absence import Absence
from storefront.core.config.sqlite_files import find_queue_file

__all__ = [
    "Consumer",
    "Huey",
    "HueyException",
    "TaskWrapper",
    "crontab",
    "engine_errors",
    "make_consumer",
    "make_huey",
    "make_tables",
]

NAME = "storefront"
SHUTDOWN_SECONDS = 150  # a mail server may look at a text for two minutes, and has it by then
RETRY_SECONDS = 1
TABLES_TURN = 7_863_015  # any number that nobody else in this database locks
ENGINE_ERRORS = (("sqlite3", "Error"), ("psycopg", "Error"), ("redis.exceptions", "RedisError"))
ANSWER_SECONDS = 2  # a page asks the queue after its commit, and must not wait for one that is silent


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
        except engine_errors() as error:
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

    def _set_signal_handlers(self) -> None:
        """End with the terminal, unless `nohup` says to stay: Huey's own way is to begin anew, without anybody."""
        hangup = getattr(signal, "SIGHUP", None)  # None on Windows
        is_to_stay = hangup and signal.getsignal(hangup) is signal.SIG_IGN
        super()._set_signal_handlers()
        if hangup:
            signal.signal(hangup, signal.SIG_IGN if is_to_stay else self._end_with_terminal)

    def _end_with_terminal(self, number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # a shell and the system both say it
        self._handle_signal(self._graceful_sig, frame)

    def _is_ours(self, record: logging.LogRecord) -> bool:
        """Leave out the tracebacks that each of Huey's threads logs every moment while a queue does not answer."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, engine_errors()):
            self.absence.note(error)
            return False
        return True


def make_consumer(huey: Huey, absence: Absence, *, workers: int) -> Consumer:
    return _Consumer(
        huey,
        absence,
        workers=workers,
        worker_type="thread",
        periodic=True,
        initial_delay=0.1,
        max_delay=1.0,
        # systemd and containers say SIGTERM: finish the email in hand, or it would be sent twice.
        graceful_signal="TERM",
        shutdown_timeout=SHUTDOWN_SECONDS,
    )


def engine_errors() -> tuple[type[Exception], ...]:
    """Return what engines raise. One whose driver is not loaded (`queue_drivers.py`) raises nothing."""
    loaded = [(sys.modules.get(module), error) for module, error in ENGINE_ERRORS]
    return (OSError, *(getattr(driver, error) for driver, error in loaded if driver is not None))


def _with(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def make_huey(url: str) -> Huey:
    path = find_queue_file(url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _with_tables(SqliteHuey(NAME, filename=str(path), results=False, create_tables=False))
    if url.startswith("redis"):
        _demand_loaded(drivers.Redis)
        limits = f"socket_connect_timeout={ANSWER_SECONDS}&socket_timeout={ANSWER_SECONDS + 3}"
        return RedisHuey(NAME, url=_with(url, limits), results=False)
    _demand_loaded(drivers.psycopg)
    dsn = _with(url, f"connect_timeout={ANSWER_SECONDS}")
    return _with_tables(PostgresHuey(NAME, dsn=dsn, results=False, create_tables=False))


def _demand_loaded(driver: object) -> None:
    """Refuse in words what Huey would call not installed, and a page would take for a queue that is down."""
    if driver is None:
        raise RuntimeError("this process was started for another queue, without the driver of this one")


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
