"""What a process that is killed within a file leaves: nobody lists it, so the next ones delete it, a day later."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.depots import INCOMING, FolderDepot
from storefront.owner.backup.keep import Keep
from storefront.owner.backup.make import make_backup
from tests.owner.backup.shops import IDENTITY, Machine, another_machine, die_in, names_in, with_backups
from tests.support.databases import Databases


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


class DiesWithin(FolderDepot):
    """Ends the process when the n-th file that it writes has a part of its bytes."""

    def __init__(self, root: Path, number: int) -> None:
        super().__init__(root)
        self.left = number

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        self.left -= 1
        with super().writing(name) as content:
            if self.left == 0:
                content.write(b"a part")
                content.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            yield content


def parts_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"{INCOMING}*"))


def leave_parts(app: Flask, place: Path) -> list[Path]:
    """Of a database and of a file, by two backups."""

    def back_up(number: int) -> None:
        with app.app_context():
            db.engine.dispose(close=False)
            make_backup(DiesWithin(place, number), Keep())

    for number in (1, 2):
        die_in(lambda number=number: back_up(number))  # type: ignore[misc] # mypy knows no default of a lambda
    left = parts_in(place)
    assert {part.relative_to(place).parts[0] for part in left} == {"backups", "objects"}
    return left


def age(*paths: Path, hours: float) -> None:
    for path in paths:
        then = path.stat().st_mtime - hours * 3600
        os.utime(path, (then, then))


@pytest.mark.parametrize("keep", [(), ("--keep", "1")], ids=["keeps all", "keeps one"])
def test_deletes_parts_of_a_killed_backup_a_day_later(
    app: Flask, machine: Machine, place: Path, keep: tuple[str, ...]
) -> None:
    left = leave_parts(app, place)
    age(*left, hours=23)
    machine.done("backup", place, *keep)
    assert parts_in(place) == left, "they may be of a backup that is being made"
    age(*left, hours=2)
    for _ in range(2):
        machine.done("backup", place, *keep)
        assert parts_in(place) == []
    gone = next(part.parent for part in left if part.parent.parent.name == "backups")
    assert not gone.exists(), "an empty folder would look like a backup"
    assert "is whole" in machine.done("backup", "check", place)


def test_makes_a_backup_beside_parts_that_it_may_not_delete(machine: Machine, place: Path) -> None:
    """As where root has typed one. Tests may run as root: a folder, which nobody can unlink, stands for it."""
    stuck = place / "objects" / "3c" / f"{INCOMING}stuck"
    stuck.mkdir(parents=True)
    part = stuck.parent / f"{INCOMING}part"
    part.write_bytes(b"a part")
    age(stuck, part, hours=25)
    machine.done("backup", place)
    assert stuck.is_dir()
    assert not part.exists()
    assert "is whole" in machine.done("backup", "check", place)


def test_deletes_every_part_around_one_that_it_may_not_delete(tmp_path: Path) -> None:
    folder = tmp_path / "3c"
    stuck = folder / f"{INCOMING}stuck"
    stuck.mkdir(parents=True)
    parts = [folder / f"{INCOMING}{number}" for number in range(6)]
    for part in parts:
        part.write_bytes(b"a part")
    age(stuck, *parts, hours=25)
    for _ in range(2):
        FolderDepot(tmp_path).clean_up()
        assert parts_in(tmp_path) == [stuck]


def test_leaves_what_is_beside_the_backups(machine: Machine, place: Path) -> None:
    other = place / "of-another-program" / f"{INCOMING}x"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"x")
    age(other, hours=25)
    machine.done("backup", place)
    assert other.exists()


def test_deletes_parts_of_a_killed_upload_or_restore_a_day_later(
    app: Flask, machine: Machine, place: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "files" / "tool" / "1.0"
    folder.mkdir(parents=True)
    young, old = folder / f"{INCOMING}young", folder / f"{INCOMING}old"
    alone = tmp_path / "files" / "gone" / f"{INCOMING}alone"
    alone.parent.mkdir()
    for part in (young, old, alone):
        part.write_bytes(b"a part")
    age(young, hours=23)
    age(old, alone, hours=25)
    for _ in range(2):
        machine.done("backup", place)
        assert parts_in(tmp_path / "files") == [young]
    assert not alone.parent.exists()


def test_keeps_the_folder_of_files_that_held_parts_only(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / f"{INCOMING}x").write_bytes(b"")
    age(folder / f"{INCOMING}x", hours=25)
    depot = FolderDepot(folder)
    depot.clean_up()
    depot.clean_up()
    assert list(folder.iterdir()) == []
    FolderDepot(tmp_path / "none").clean_up()


def test_deletes_parts_of_a_killed_restore_at_the_next(
    machine: Machine, place: Path, all_databases: Databases, tmp_path: Path
) -> None:
    machine.done("backup", place)
    empty = another_machine(machine.environment, all_databases, "sqlite", tmp_path / "new")
    part = tmp_path / "new" / "files" / "somewhere" / f"{INCOMING}x"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"a part")
    age(part, hours=25)
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)
    assert parts_in(tmp_path / "new" / "files") == []
    assert names_in(tmp_path / "new" / "files") == names_in(tmp_path / "files")
