"""The rows of a shop in SQLite, as they were: what changed since is seen, and put back."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from storefront.core.runtime import runtime

# Who was seen when, and what is measured: also of who is refused.
SEEN = ("measurements", "person_sessions", "leases")


class KeptRows:
    def __init__(self, path: str) -> None:
        self._kept = sqlite3.connect(":memory:")
        self._here = sqlite3.connect(path)
        self._here.backup(self._kept)
        self._version = self._read_version()

    def _read_version(self) -> int:
        """Return a number that is another one after a commit of somebody else."""
        return int(self._here.execute("PRAGMA data_version").fetchone()[0])

    def changed(self) -> list[str]:
        """The tables whose rows are others now."""
        if self._read_version() == self._version:
            return []
        names = [name for (name,) in self._kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        ours = [name for name in names if name not in SEEN and not name.startswith("sqlite_")]
        return [name for name in ours if _rows(self._here, name) != _rows(self._kept, name)]

    def put_back(self) -> None:
        if self._read_version() != self._version:
            self._kept.backup(self._here)
            self._version = self._read_version()

    def close(self) -> None:
        self._here.close()
        self._kept.close()


def _rows(database: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


@contextmanager
def kept_rows(app: Flask) -> Iterator[KeptRows]:
    rows = KeptRows(runtime(app).settings.database_url.removeprefix("sqlite:///"))
    try:
        yield rows
    finally:
        rows.close()
