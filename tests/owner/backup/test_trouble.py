"""What can go wrong with a backup: each is told in a sentence, and nothing is changed or left half done."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from flask import Flask
from sqlalchemy import text

from storefront.core.db import db
from storefront.core.depots import DepotUnreadable, FolderDepot
from storefront.core.one_at_a_time import alone
from storefront.core.runtime import settings
from storefront.core.storage import StorageUnavailable
from storefront.owner.backup.keep import Keep
from storefront.owner.backup.make import make_backup
from storefront.owner.backup.manifest import Manifest, list_names, path_of, read_manifest, signed, to_bytes
from storefront.owner.backup.restore import restore_backup
from tests.owner.backup.shops import (
    IDENTITY,
    OTHER_IDENTITY,
    Machine,
    another_machine,
    die_in,
    little_room,
    names_in,
    with_backups,
)
from tests.support.databases import BOTH, Databases
from tests.support.nobody import as_nobody
from tests.support.rows import read_rows

OLD = "another-secret-" * 3
Damage = Callable[[Path], None]


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


@pytest.fixture
def empty(environment: dict[str, str], all_databases: Databases, engine: str, tmp_path: Path) -> Machine:
    return another_machine(environment, all_databases, engine, tmp_path / "new")


def restore(machine: Machine, place: Path, *more: str, identity: str = IDENTITY) -> str:
    return machine.refused("restore", place, "--identity", "-", *more, stdin=identity)


def is_untouched(machine: Machine) -> bool:
    """No file of the shop, and no table."""
    folder = Path(machine.environment["FILES_URL"].removeprefix("file://"))
    with machine.app() as app:
        tables = read_rows(app, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return names_in(folder) == [] and tables == []


def change_manifest(machine: Machine, place: Path, **changes: str) -> None:
    """As if the shop itself had written so."""
    (name,) = list_names(FolderDepot(place))
    manifest = replace(read_manifest(FolderDepot(place), name), **changes)  # type: ignore[arg-type] # texts, all of them
    secret = machine.environment["SECRET_KEY"]
    (place / path_of(name)).write_bytes(to_bytes(signed(manifest, secret)))


def newest(place: Path) -> Manifest:
    return read_manifest(FolderDepot(place), list_names(FolderDepot(place))[0])


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def alter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_makes_none_that_nobody_could_open(machine: Machine, place: Path) -> None:
    machine.environment["BACKUP_RECIPIENT"] = ""
    assert "BACKUP_RECIPIENT is not set" in machine.refused("backup", place)
    machine.environment["BACKUP_RECIPIENT"] = "age1" + "q" * 58
    assert "mistyped" in machine.refused("backup", place)
    machine.environment["BACKUP_RECIPIENT"] = IDENTITY
    wrong = machine.run("backup", place)
    assert (wrong.exit_code, "secret half" in wrong.stderr, IDENTITY in wrong.output) == (2, True, False)
    assert names_in(place) == []


@pytest.mark.parametrize("damage", [Path.unlink, cut, alter], ids=["missing", "cut", "altered"])
def test_tells_of_each_part_that_is_not_what_was_written(
    machine: Machine, empty: Machine, place: Path, damage: Damage
) -> None:
    machine.done("backup", place)
    manifest = newest(place)
    for sealed in (manifest.database, manifest.index, manifest.files[0]):
        whole = (place / sealed.name).read_bytes()
        damage(place / sealed.name)
        assert sealed.name in machine.refused("backup", "check", place)
        restore(empty, place)
        (place / sealed.name).write_bytes(whole)
    assert is_untouched(empty)
    assert "is whole" in machine.done("backup", "check", place)


def test_believes_no_manifest_that_was_cut_or_altered(machine: Machine, empty: Machine, place: Path) -> None:
    machine.done("backup", place)
    path = place / path_of(newest(place).name)
    whole = path.read_text()
    path.write_text(whole.replace(newest(place).database.sha256, "0" * 64))
    assert "was altered" in machine.refused("backup", "check", place)
    assert "was altered" in restore(empty, place)
    cut(path)
    assert "cut or damaged" in machine.refused("backup", "check", place)
    assert "cut or damaged" in restore(empty, place)
    assert "its manifest is damaged" in machine.done("backup", "list", place)
    assert json.loads(machine.done("backup", "list", place, "--json"))[0]["is_readable"] is False
    damaged = path.parent.name
    told = machine.done("backup", place, "--keep", "1")
    assert f"Nothing old was removed, because nobody can tell what {damaged} listed" in told
    assert json.loads(machine.done("backup", place, "--keep", "1", "--json"))["removed"]["unreadable"] == [damaged]
    assert path.exists(), "nobody knows what it listed"
    assert is_untouched(empty)


def test_says_which_key_is_wrong(machine: Machine, empty: Machine, place: Path) -> None:
    machine.done("backup", place)
    assert "does not open" in restore(empty, place, identity=OTHER_IDENTITY)
    assert "AGE-SECRET-KEY-" in restore(empty, place, identity="my secret")
    empty.environment["SECRET_KEY"] = OLD
    assert "another SECRET_KEY" in restore(empty, place)
    assert "another SECRET_KEY" in empty.done("backup", "list", place)
    assert is_untouched(empty)
    key_file = place.parent / "key.txt"
    key_file.write_text(f"# created by somebody\n{IDENTITY}\n")
    secret = empty.done("backup", "secret-key", place, "--identity", key_file).strip()
    empty.environment["SECRET_KEY"] = secret
    for content in (b"\xff\xfe\x00\xd8", b"\xe9", IDENTITY.encode("utf-16-le")):
        key_file.write_bytes(content)
        assert "AGE-SECRET-KEY-" in empty.refused("restore", place, "--identity", key_file)
    for encoding in ("utf-16", "utf-8-sig"):  # as PowerShell and Notepad save it
        key_file.write_text(f"# created by somebody\n{IDENTITY}\n", encoding=encoding)
        assert empty.done("backup", "secret-key", place, "--identity", key_file).strip() == secret
    empty.done("restore", place, "--identity", key_file)


def test_restores_nothing_that_does_not_fit(machine: Machine, empty: Machine, place: Path) -> None:
    assert "There is no backup here" in restore(empty, place)
    machine.done("backup", place)
    assert "There is no backup 1" in restore(empty, place, "--name", "1")
    assert "not empty: it has products" in restore(machine, place)
    change_manifest(machine, place, revision="9999", version="9.0")
    assert "newer code (9.0, schema 9999" in restore(empty, place)
    change_manifest(machine, place, revision="0050", engine="postgresql")
    assert "is of postgresql" in restore(empty, place)
    change_manifest(machine, place, engine="sqlite")
    (empty_files := place.parent / "new" / "files" / newest_path(machine)).parent.mkdir(parents=True)
    as_long = b"x" * (place.parent / "files" / newest_path(machine)).stat().st_size
    for mine in (b"mine", as_long):
        empty_files.write_bytes(mine)
        assert "has another" in restore(empty, place)
        assert empty_files.read_bytes() == mine


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_takes_no_database_of_another_program(machine: Machine, empty: Machine, place: Path) -> None:
    machine.done("backup", place)
    with empty.app() as app, app.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_others (word VARCHAR)"))
        connection.execute(text("INSERT INTO of_others VALUES ('kept')"))
    assert "has of_others, which is of another program" in restore(empty, place)
    with empty.app() as app, app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(text("SELECT word FROM of_others")) == "kept"


@pytest.mark.parametrize("name", ["x" * 300, "../backups", "", "1/manifest.json"])
def test_knows_no_backup_of_a_name_that_cannot_be_one(machine: Machine, place: Path, name: str) -> None:
    (place / "backups" / "1").mkdir(parents=True)
    (place / "backups" / "1" / "manifest.json").write_text("{}")
    assert f"There is no backup {name}: " in machine.refused("backup", "check", place, "--name", name)


def test_says_that_a_manifest_cannot_be_read(machine: Machine, place: Path) -> None:
    machine.done("backup", place)
    name = newest(place).name
    (place / path_of(name)).chmod(0)
    with as_nobody(), pytest.raises(DepotUnreadable, match=r"cannot be read \(Permission denied\)"):
        read_manifest(FolderDepot(place), name)


def test_takes_no_empty_word_for_a_place(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for words in (("backup",), ("backup", "check")):
        for nowhere in ("", " "):
            assert "Write a folder" in machine.refused(*words, nowhere)
    assert list(Path().iterdir()) == []


def newest_path(machine: Machine) -> str:
    with machine.app() as app:
        return str(read_rows(app, "SELECT path FROM release_files")[0]["path"])


def test_says_of_an_older_schema_what_to_do(machine: Machine, empty: Machine, place: Path) -> None:
    machine.done("backup", place)
    change_manifest(machine, place, revision="0049")
    assert "storefront db upgrade" in empty.done("restore", place, "--identity", "-", stdin=IDENTITY)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_runs_once_at_a_time(machine: Machine, empty: Machine, app: Flask, place: Path) -> None:
    with app.app_context(), alone("backup") as is_alone:
        assert is_alone
        assert "is at work" in machine.refused("backup", place)
    machine.done("backup", place)
    with empty.app() as other, other.app_context(), alone("backup"):
        assert "is at work" in restore(empty, place)
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)


def test_leaves_nothing_on_a_disk_that_is_full(machine: Machine, empty: Machine, place: Path) -> None:
    big = Path(machine.environment["FILES_URL"].removeprefix("file://")) / "tool" / "1.0" / "big.bin"
    big.parent.mkdir(parents=True)
    big.write_bytes(os.urandom(4_000_000))
    with little_room(3_000_000):
        assert "disk is full" in machine.refused("backup", place)
    assert names_in(place) == []
    machine.done("backup", place)
    with little_room(3_000_000):
        assert "disk is full" in restore(empty, place)
    with empty.app() as app:
        assert read_rows(app, "SELECT name FROM sqlite_master") == []
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)


class Deadly(FolderDepot):
    """Ends the process at the n-th file that it opens."""

    def __init__(self, root: Path, opened: int) -> None:
        super().__init__(root)
        self.left = opened

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        self._count()
        with super().reading(name) as content:
            yield content

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        self._count()
        with super().writing(name) as content:
            yield content


class Forgetful(FolderDepot):
    """Stores the manifest and loses its answer, as a bucket does that is out of time."""

    def __init__(self, root: Path, *, deletes: bool) -> None:
        super().__init__(root)
        self.deletes = deletes

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        with super().writing(name) as content:
            yield content
        if is_manifest(name):
            raise StorageUnavailable("no answer")

    def delete(self, name: str) -> None:
        if is_manifest(name) and not self.deletes:
            raise StorageUnavailable("no answer")
        super().delete(name)


def is_manifest(name: str) -> bool:
    return name.endswith("/manifest.json")


@pytest.mark.parametrize("deletes", [True, False], ids=["deleted", "not deleted"])
def test_lists_none_that_lacks_parts_when_the_last_answer_is_lost(
    app: Flask, machine: Machine, place: Path, *, deletes: bool
) -> None:
    machine.done("backup", place)
    before = names_in(place)
    with app.app_context():
        files = settings().files_path
        (files / "new.bin").write_bytes(b"new")
        with pytest.raises(StorageUnavailable):
            make_backup(Forgetful(place, deletes=deletes), Keep())
    assert (names_in(place) == before) is deletes
    assert "is whole" in machine.done("backup", "check", place)


class Watching(FolderDepot):
    """Keeps, for each file that it writes, whether the database waits meanwhile for the end of a read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.has_read: list[bool] = []

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        self.has_read.append(db.session().in_transaction())
        with super().writing(name) as content:
            yield content


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_no_read_open_while_files_are_written(
    app: Flask, environment: dict[str, str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", environment["PATH"])  # PostgreSQL's tools
    watching = Watching(place)
    with app.app_context():
        made = make_backup(watching, Keep())
    assert made.new_files > 0
    assert not any(watching.has_read)
    assert len(watching.has_read) > made.new_files


def test_makes_the_next_one_whole_when_one_was_killed(app: Flask, machine: Machine, place: Path) -> None:
    def back_up() -> None:
        with app.app_context():
            db.engine.dispose(close=False)
            make_backup(Deadly(place, 5), Keep())

    die_in(back_up)
    left = names_in(place)
    assert left
    assert machine.done("backup", "list", place) == "There is none yet.\n"
    for name in left:
        os.utime(place / name, (0, 0))
    made = json.loads(machine.done("backup", place, "--keep", "1", "--json"))
    assert made["removed"]["objects"] >= 1
    assert {part.name for part in newest(place).parts} | {path_of(made["name"])} == set(names_in(place))
    machine.done("backup", "check", place)


def test_ends_a_restore_that_was_killed_by_another(machine: Machine, empty: Machine, place: Path) -> None:
    machine.done("backup", place)
    parts = len(newest(place).parts)

    def bring_back() -> None:
        with empty.app() as app, app.app_context():
            restore_backup(Deadly(place, 2 + parts + 2), None, identity=IDENTITY)

    die_in(bring_back)
    with empty.app() as app:
        assert read_rows(app, "SELECT name FROM sqlite_master") == []
        with app.app_context():
            assert names_in(settings().files_path) != []
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)
    with empty.app() as app, machine.app() as lost:
        rows = [read_rows(one, "SELECT * FROM release_files ORDER BY id") for one in (app, lost)]
    assert rows[0] == rows[1] != []
