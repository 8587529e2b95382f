"""SQLite is copied beside itself: where that folder takes no copy, a sentence says so, and nothing is changed."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy.engine import make_url

from storefront.core.storage import StorageFull
from storefront.owner.backup.refusals import SourceUnreadable
from storefront.owner.backup.sqlite import Sqlite
from tests.owner.backup.shops import little_room
from tests.support.nobody import as_nobody


@pytest.fixture
def folder() -> Iterator[Path]:
    """Everybody may enter it, and only who runs the tests may write: that of `tmp_path` is closed to others."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with closing(sqlite3.connect(folder / "shop.db")) as connection:
            connection.execute("CREATE TABLE own (id)")
        folder.chmod(0o755 if os.geteuid() == 0 else 0o555)
        yield folder
        folder.chmod(0o755)


@pytest.fixture
def database(folder: Path) -> Sqlite:
    return Sqlite(make_url(f"sqlite:///{folder / 'shop.db'}"))


def fill(output: IO[bytes]) -> None:
    output.write(b"x" * 4_000_000)


def test_makes_no_backup_where_the_folder_takes_no_copy(database: Sqlite, folder: Path) -> None:
    with as_nobody(), pytest.raises(SourceUnreadable) as caught, database.dumping():
        pass
    assert str(caught.value) == (
        f"{folder}, where the database lies, takes no copy of it (Permission denied): let the user of the shop "
        "write there, then try again."
    )


def test_restores_nothing_where_the_folder_takes_no_copy(database: Sqlite) -> None:
    with as_nobody(), pytest.raises(SourceUnreadable, match=r"takes no copy of it \(Permission denied\)"):
        database.restore(fill, size_bytes=5)


def test_restores_nothing_where_the_disk_is_full_in_between(database: Sqlite, folder: Path) -> None:
    folder.chmod(0o755)
    with little_room(1_000_000), pytest.raises(StorageFull, match="The disk of the database is full: make room"):
        database.restore(fill, size_bytes=5)
    assert [path.name for path in folder.iterdir()] == ["shop.db"]
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("own",)]
