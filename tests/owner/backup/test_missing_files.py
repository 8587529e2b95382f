"""A backup has every file that the shop serves. One that has not says which, and removes nothing old."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.depots import DepotUnreadable, FolderDepot, Listed
from storefront.owner.backup.keep import Keep
from storefront.owner.backup.make import make_backup
from storefront.owner.backup.named import find_missing, read_named
from tests.owner.backup.shops import IDENTITY, Machine, another_machine, names_in, set_looks, with_backups
from tests.shop.media.drawn import add, add_one_sample, pictures_of
from tests.support.databases import Databases
from tests.support.nobody import as_nobody
from tests.support.rows import change_rows, read_rows

WHEN = clock.from_unix(1_790_000_000)


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path / "files"


def paths_of(app: Flask) -> list[str]:
    return [row["path"] for row in read_rows(app, "SELECT path FROM release_files ORDER BY path")]


def test_knows_every_file_that_the_shop_serves(app: Flask, files: Path) -> None:
    add(app)
    add_one_sample(app)
    set_looks(app)
    with app.app_context():
        assert sorted(read_named()) == names_in(files)


def test_has_what_lies_behind_a_link(
    machine: Machine,
    environment: dict[str, str],
    all_databases: Databases,
    files: Path,
    tmp_path: Path,
) -> None:
    """As after a move of a large folder to another disk."""
    names = names_in(files)
    (tmp_path / "big").mkdir()
    for folder in [path for path in files.iterdir() if path.is_dir()]:
        shutil.move(folder, tmp_path / "big" / folder.name)
        folder.symlink_to(tmp_path / "big" / folder.name)
    place = tmp_path / "backups"
    machine.done("backup", place)
    new = another_machine(environment, all_databases, "sqlite", tmp_path / "new")
    new.done("restore", place, "--identity", "-", stdin=IDENTITY)
    assert names_in(tmp_path / "new" / "files") == names


def test_lists_a_folder_with_links_in_a_circle_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "c").mkdir()
    (tmp_path / "a" / "b" / "tool.zip").write_bytes(b"x")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "to-c").symlink_to(tmp_path / "c")
    (tmp_path / "c" / "to-a").symlink_to(tmp_path / "a")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    (tmp_path / "nowhere").symlink_to(tmp_path / "not-mounted")
    listed = {file.name for file in FolderDepot(tmp_path).list()}
    assert listed == {"a/b/tool.zip", "c/to-a/b/tool.zip"}
    assert list(FolderDepot(tmp_path / "none").list()) == []


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_refuses_a_folder_that_it_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "tool.zip").write_bytes(b"x")
    (tmp_path / "lost+found").mkdir(mode=0o000)  # of a disk that is mounted here
    for path in (tmp_path, tmp_path / "releases"):
        path.chmod(0o755)
    monkeypatch.chdir(tmp_path)  # those above it are closed to whoever is not root
    depot = FolderDepot(Path())
    with as_nobody():
        assert [file.name for file in depot.list()] == ["releases/tool.zip"]
    Path("releases").chmod(mode)
    with as_nobody(), pytest.raises(DepotUnreadable, match=r"releases.* cannot be read \(Permission denied\)"):
        list(depot.list())
    Path("releases").chmod(0o755)


def test_refuses_where_the_folder_of_files_is_gone(machine: Machine, files: Path, place: Path) -> None:
    machine.done("backup", place)
    before = names_in(place)
    files.rename(files.with_name("unmounted"))
    assert "is its disk mounted" in machine.refused("backup", place, "--keep", "1")
    assert names_in(place) == before


def test_backs_up_a_new_shop_that_has_no_file_yet(machine: Machine, app: Flask, files: Path, place: Path) -> None:
    change_rows(app, "DELETE FROM release_files")
    shutil.rmtree(files)
    assert json.loads(machine.done("backup", place, "--json"))["missing"] == []


def test_keeps_old_backups_while_the_new_one_lacks_files(
    machine: Machine, app: Flask, files: Path, place: Path, tmp_path: Path
) -> None:
    whole = json.loads(machine.done("backup", place, "--json"))
    before = names_in(place)
    files.rename(tmp_path / "unmounted")
    files.mkdir()
    answer = machine.run("backup", place, "--keep", "1")
    assert (answer.exit_code, f"{len(paths_of(app))} of the shop's files are missing" in answer.stdout) == (
        1,
        True,
    )
    assert paths_of(app)[0] in answer.stdout
    assert "Nothing old was removed" in answer.stdout
    assert set(before) < set(names_in(place))
    assert "lacks files" in machine.run("status").stdout
    machine.done("backup", "check", place, "--name", whole["name"])
    shutil.rmtree(files)
    (tmp_path / "unmounted").rename(files)
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        told = json.loads(machine.done("backup", place, "--keep", "1", "--json"))
        assert "lacks files" not in machine.run("status").stdout
    assert whole["name"] in told["removed"]["backups"]


def test_misses_pictures_samples_looks_and_what_was_cut(
    machine: Machine, app: Flask, files: Path, place: Path
) -> None:
    add(app)
    add_one_sample(app)
    set_looks(app)
    with app.app_context():
        media = [path for path in read_named() if path.startswith("media/")]
    for path in media:
        os.truncate(files / path, 3)  # they are called by a hash, and have another one now
    assert sorted(json.loads(machine.run("backup", place, "--json").stdout)["missing"]) == sorted(media)
    shutil.rmtree(files / "media")
    cut = files / paths_of(app)[0]
    os.truncate(cut, cut.stat().st_size - 1)
    told = json.loads(machine.run("backup", place, "--json").stdout)
    assert sorted(told["missing"]) == sorted([*media, paths_of(app)[0]])
    assert f"and {len(media) + 1 - 5} more" in machine.run("backup", place).stdout


def test_misses_nothing_that_the_shop_no_longer_names(
    machine: Machine, app: Flask, files: Path, place: Path
) -> None:
    add(app)
    (picture,) = pictures_of(app)
    change_rows(app, "DELETE FROM product_pictures")
    (files / picture.path).unlink()
    change_rows(app, "UPDATE releases SET withdrawn_at = published_at")
    (files / paths_of(app)[0]).unlink()
    machine.done("backup", place)


class Meanwhile(FolderDepot):
    """A place where somebody takes a file out of the shop once the first one is written."""

    def __init__(self, root: Path, take_out: Callable[[], None]) -> None:
        super().__init__(root)
        self.take_out = take_out

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        if name.startswith("objects/"):
            self.take_out()
        with super().writing(name) as content:
            yield content


@pytest.mark.parametrize("is_named", [False, True])
def test_asks_again_whether_what_went_meanwhile_is_named(
    app: Flask, files: Path, place: Path, *, is_named: bool
) -> None:
    path = paths_of(app)[-1]

    def take_out() -> None:
        (files / path).unlink(missing_ok=True)
        if not is_named:
            change_rows(app, "DELETE FROM release_files WHERE path = :path", path=path)

    with app.app_context():
        made = make_backup(Meanwhile(place, take_out), Keep())
    assert made.missing == ((path,) if is_named else ())


def test_finds_a_file_by_its_path_as_any_disk_writes_it() -> None:
    name = "0123456789abcdef" * 4 + ".webp"
    named = {f"media/{name}": None, "tool/1.0/caf\u00e9.zip": 7}

    def missing(*paths: str, size: int = 7) -> tuple[str, ...]:
        return find_missing(named, [Listed(name=path, size_bytes=size, changed_at=WHEN) for path in paths])

    assert missing(f"media/{name}", "tool/1.0/caf\u00e9.zip") == ()
    assert missing(f"media/{name}", "tool/1.0/cafe\u0301.zip") == ()  # as old disks of a Mac say it
    assert missing(f"media/originals/{name}", "tool/1.0/caf\u00e9.zip") == (f"media/{name}",)
    assert missing(f"media/{name}", "tool/1.0/caf\u00e9.zip", size=6) == ("tool/1.0/caf\u00e9.zip",)
    other = Listed(name="tool/1.0/Caf\u00e9.zip", size_bytes=9, changed_at=WHEN)  # laid there by hand
    whole = Listed(name="tool/1.0/caf\u00e9.zip", size_bytes=7, changed_at=WHEN)
    assert find_missing({whole.name: 7}, [whole, other]) == ()
