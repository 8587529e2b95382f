"""SQLite's own online backup: a copy of one moment, while others read and write."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from glob import escape
from pathlib import Path
from typing import IO

from sqlalchemy.engine import URL

from storefront.core.db import SQLITE_TIMEOUT_SECONDS, writers_turn
from storefront.core.storage import StorageFull, is_full
from storefront.core.writers_line import find_file
from storefront.owner.backup.age import Source
from storefront.owner.backup.refusals import BackupDamaged, SourceUnreadable

COPY = ".{database}.copying-"  # of folders beside the database, which only one process at a time makes
FULL = "The disk of the database is full: make room, then try again."


class Sqlite:
    engine = "sqlite"

    def __init__(self, url: URL) -> None:
        self._path = find_file(url)

    @contextmanager
    def dumping(self) -> Iterator[Source]:
        """Read a copy that lies beside the database for so long, where there is room for orders as well."""
        path = self._own_file()
        size = path.stat().st_size if path.exists() else 0
        with self._folder(size) as folder:
            copy = folder / "copy.db"
            try:
                with closing(_open(path)) as source, closing(_open(copy)) as target:
                    source.backup(target)
            except sqlite3.Error as error:
                raise _refusal(error) from error
            with copy.open("rb") as content:
                yield content

    def restore(self, fill: Callable[[IO[bytes]], None], *, size_bytes: int) -> None:
        """SQLite changes all pages in one transaction: who has the database open meets the old or the new one."""
        path = self._own_file()
        with self._folder(2 * size_bytes) as folder:
            copy = folder / "copy.db"
            with _refusals(folder.parent), copy.open("wb") as output:  # what cannot be read has its own refusals
                fill(output)
            try:
                with closing(_open(copy)) as source:
                    _demand_sound(source)
                    with writers_turn(), closing(_open(path)) as target:
                        source.backup(target)
            except sqlite3.Error as error:
                raise _refusal(error) from error

    def _own_file(self) -> Path:
        if self._path is None:
            raise SourceUnreadable("A database in memory has no backup.")
        return self._path

    @contextmanager
    def _folder(self, needed_bytes: int) -> Iterator[Path]:
        """Make a folder that only we can enter; what a killed process left of one is deleted before."""
        path = self._own_file()
        beside, prefix = path.parent, COPY.format(database=path.name)
        for leftover in beside.glob(f"{escape(prefix)}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        with _refusals(beside):
            _demand_room(beside, needed_bytes)
            made = tempfile.TemporaryDirectory(dir=beside, prefix=prefix)
        with made as folder:
            yield Path(folder)


def _demand_room(beside: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(beside).free
    if free < needed_bytes:
        raise StorageFull(
            f"A copy of the database needs {_mb(needed_bytes)} beside it, and {_mb(free)} are free: make "
            "room, then try again."
        )


@contextmanager
def _refusals(beside: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull(FULL) from error
        raise SourceUnreadable(
            f"{beside}, where the database lies, takes no copy of it ({error.strerror}): let the user of the shop "
            "write there, then try again."
        ) from error


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=SQLITE_TIMEOUT_SECONDS, isolation_level=None)


def _demand_sound(source: sqlite3.Connection) -> None:
    if source.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise BackupDamaged("The database in this backup is damaged: take another backup.")


def _refusal(error: sqlite3.Error) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(FULL)
    if code == sqlite3.SQLITE_NOTADB:
        return BackupDamaged("The database in this backup is no database of SQLite: take another backup.")
    return SourceUnreadable(f"SQLite refuses ({error}): nothing was changed.")


def _mb(size_bytes: int) -> str:
    return f"{-(-size_bytes // 1_000_000)} MB"
