"""SQLite has one writer at a time: the line that all others wait in, threads of a process first, then processes.

SQLite's own way of waiting is to sleep ever longer and ask again, which starves some for seconds. Here the threads
of a process queue at a lock, and who is first there queues at two files beside the database. The line only makes
waiting short and fair: whoever gets no turn in time, or cannot lock files, goes on and meets SQLite's own lock.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from weakref import WeakSet

from sqlalchemy.engine import URL

from storefront.core.config.sqlite_files import path_of

if sys.platform != "win32":
    import fcntl

log = logging.getLogger(__name__)

# Short at first, because a change takes milliseconds; then longer, because who holds the turn is slow.
POLLS = ((0.05, 0.0005), (1.0, 0.002), (float("inf"), 0.02))  # up to so many seconds of waiting, sleep so long


class WritersLine:
    """`database` is the file of an SQLite database; None for one in memory, which one process has for itself."""

    def __init__(self, database: Path | None) -> None:
        self.database = database
        self.is_broken = False
        self._threads = Lock()
        _lines.add(self)

    def path(self, part: str) -> Path:
        """Return the path of `next` or `turn`, named like SQLite's own files beside the database."""
        return Path(f"{self.database}-{part}")

    @contextmanager
    def turn(self, *, seconds: float) -> Iterator[bool]:
        """Wait for a turn. False after so many seconds, and where files cannot be locked."""
        until = time.monotonic() + seconds
        threads = self._threads
        has_turn = threads.acquire(timeout=seconds)
        try:
            if not has_turn or self.database is None:
                yield has_turn
                return
            with ExitStack() as turn_lock:
                yield self._take(turn_lock, until)
        finally:
            if has_turn:
                threads.release()

    @contextmanager
    def held(self, part: str) -> Iterator[bool]:
        """Try once to be the only one that does something long, in line with no writer.

        True also where files cannot be locked, as on Windows.
        """
        with ExitStack() as lock:
            try:
                has_lock = self.database is None or lock.enter_context(_locked(self._open(part), time.monotonic()))
            except OSError as error:
                log.warning("nothing keeps others away", extra={"why": error.strerror, "path": error.filename})
                has_lock = True
            yield has_lock

    def _take(self, turn_lock: ExitStack, until: float) -> bool:
        """Lock two files, so that nobody overtakes: only who holds `next` asks for `turn`.

        With one file the process that has just finished would take it again before any other has woken up.
        """
        try:
            with ExitStack() as waiting:
                if not waiting.enter_context(_locked(self._open("next"), until)):
                    return False
                return turn_lock.enter_context(_locked(self._open("turn"), until))
        except OSError as error:
            if not self.is_broken:
                self.is_broken = True
                log.warning("processes do not wait in line", extra={"why": error.strerror, "path": error.filename})
            return False

    def _open(self, part: str) -> int:
        """Open it only to those who may write the database: who can open the file can hold up all others."""
        database = self.database.stat() if self.database and self.database.exists() else None
        descriptor = os.open(self.path(part), os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        if sys.platform == "win32" or database is None:
            return descriptor
        _share_like(database, os.fstat(descriptor), descriptor)
        return descriptor

    def forget(self) -> None:
        """Start anew in a fork: whatever thread had the turn is not here."""
        self._threads = Lock()


def _share_like(database: os.stat_result, own: os.stat_result, descriptor: int) -> None:
    """Open the file to whom the database is open to."""
    if database.st_mode & 0o020 and not own.st_mode & 0o020 and own.st_uid == os.geteuid():
        os.fchmod(descriptor, 0o660)  # as SQLite does with its own, whatever the umask
    if os.geteuid() == 0 and own.st_uid != database.st_uid:
        os.fchown(descriptor, database.st_uid, database.st_gid)  # a command of root's must not lock the shop out


@contextmanager
def _locked(descriptor: int, until: float) -> Iterator[bool]:
    """Lock the file, and close it at the end. The kernel opens the lock of a process that dies."""
    _held.add(descriptor)
    has_lock = False
    try:
        has_lock = _lock(descriptor, until)
        yield has_lock
    finally:
        if has_lock and sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a fork may hold a copy, for which closing is not enough
        _held.discard(descriptor)
        os.close(descriptor)


def _lock(descriptor: int, until: float) -> bool:
    if sys.platform == "win32":
        raise OSError(0, "Windows has no flock")
    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            if now >= until:
                return False
            time.sleep(next(pause for waited, pause in POLLS if now - begun < waited))
        else:
            return True


def find_file(url: URL) -> Path | None:
    """Return the database's own file, by whatever link or URI it is named; None for one in memory."""
    name = path_of(url.database or "")
    if not name or name == ":memory:" or url.query.get("mode") == "memory":
        return None
    return Path(name).resolve()


_lines: "WeakSet[WritersLine]" = WeakSet()
_held: set[int] = set()


def _after_fork() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()
    for line in _lines:
        line.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
