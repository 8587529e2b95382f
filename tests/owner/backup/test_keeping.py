"""Files are written once for all backups, and old backups go with what only they need."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from storefront.core.depots import FolderDepot
from storefront.owner.backup.keep import Keep, choose
from storefront.owner.backup.manifest import path_of, read_manifest, signed, to_bytes
from tests.owner.backup.shops import IDENTITY, Machine, names_in, with_backups
from tests.support.rows import read_rows

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)  # a Monday
DAILY = {f"{days:03}": NOON - timedelta(days=days) for days in range(100)}


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


def test_writes_a_file_once_and_removes_it_with_the_last_backup_that_has_it(
    app: Flask, environment: dict[str, str], tmp_path: Path
) -> None:
    machine, place = Machine(environment), tmp_path / "backups"
    file = tmp_path / "files" / "tool.bin"
    file.write_bytes(b"one")
    first = json.loads(machine.done("backup", place, "--json"))
    same = json.loads(machine.done("backup", place, "--json"))
    assert (first["new_files"], same["new_files"], same["files"]) == (first["files"], 0, first["files"])
    file.write_bytes(b"two")
    other = json.loads(machine.done("backup", place, "--json"))
    assert other["new_files"] == 1
    before = names_in(place / "objects")
    told = json.loads(machine.done("backup", place, "--keep", "2", "--json"))
    assert set(told["removed"]["backups"]) == {first["name"], same["name"]}
    assert len(names_in(place / "objects")) == len(before) - 1
    listed = json.loads(machine.done("backup", "list", place, "--json"))
    assert {one["name"] for one in listed} == {other["name"], told["name"]}
    for one in listed:
        machine.done("backup", "check", place, "--name", one["name"])
    assert sorted(path.name for path in (place / "backups").iterdir()) == sorted(one["name"] for one in listed)


def test_shows_nothing_to_who_reads_the_place(app: Flask, environment: dict[str, str], tmp_path: Path) -> None:
    machine, place = Machine(environment), tmp_path / "backups"
    machine.done("backup", place)
    (path,) = {row["path"] for row in read_rows(app, "SELECT path FROM release_files LIMIT 1")}
    goods = (tmp_path / "files" / path).read_bytes()[:64]
    for name in names_in(place):
        content = (place / name).read_bytes()
        assert path.encode() not in content
        assert goods not in content
        assert environment["SECRET_KEY"].encode() not in content
        assert (place / name).stat().st_mode & 0o077 == 0


def test_makes_a_key_that_it_keeps_nowhere(app: Flask, environment: dict[str, str], tmp_path: Path) -> None:
    machine = Machine(environment)
    key = json.loads(machine.done("backup", "key", "--json"))
    assert key["secret"] != json.loads(machine.done("backup", "key", "--json"))["secret"]
    machine.environment["BACKUP_RECIPIENT"] = key["recipient"]
    machine.done("backup", tmp_path / "backups")
    known = machine.done("backup", "secret-key", tmp_path / "backups", "--identity", "-", stdin=key["secret"])
    assert known.strip() == environment["SECRET_KEY"]
    assert "BACKUP_RECIPIENT=age1" in machine.done("backup", "key")


def test_knows_its_backups_after_a_change_of_its_secret(
    app: Flask, environment: dict[str, str], tmp_path: Path
) -> None:
    machine, place, old = Machine(environment), tmp_path / "backups", environment["SECRET_KEY"]
    machine.done("backup", place)
    machine.environment |= {"SECRET_KEY": "new-" + old, "SECRET_KEY_FALLBACKS": old}
    assert "another SECRET_KEY" not in machine.done("backup", "check", place)
    machine.done("backup", place)
    told = machine.done("backup", "secret-key", place, "--identity", "-", stdin=IDENTITY)
    assert told.splitlines() == [f"new-{old}", f"SECRET_KEY_FALLBACKS={old}"]


def test_encrypts_every_file_anew_for_another_key(app: Flask, environment: dict[str, str], tmp_path: Path) -> None:
    machine = Machine(environment)
    first = json.loads(machine.done("backup", tmp_path / "backups", "--json"))
    machine.environment["BACKUP_RECIPIENT"] = json.loads(machine.done("backup", "key", "--json"))["recipient"]
    assert json.loads(machine.done("backup", tmp_path / "backups", "--json"))["new_files"] == first["files"]


def test_leaves_what_is_of_another_shop_or_of_the_owner(
    app: Flask, environment: dict[str, str], tmp_path: Path
) -> None:
    """Two shops in one place; and a folder beside the database that only looks like one of ours."""
    machine, place = Machine(environment), tmp_path / "backups"
    other = Machine(environment | {"SECRET_KEY": "a secret of another shop, " * 3})
    owners = tmp_path / ".backup-of-march" / "kept.txt"
    owners.parent.mkdir()
    owners.write_text("kept")
    theirs = json.loads(other.done("backup", place, "--json"))
    ours = json.loads(machine.done("backup", place, "--json"))
    last = json.loads(machine.done("backup", place, "--keep", "1", "--json"))
    assert last["removed"]["backups"] == [ours["name"]]
    assert theirs["name"] in {one["name"] for one in json.loads(machine.done("backup", "list", place, "--json"))}
    other.done("backup", "check", place, "--name", theirs["name"])
    machine.done("backup", "check", place, "--name", last["name"])
    assert owners.read_text() == "kept"


def back_up_as_older_code(machine: Machine, place: Path, revision: str, *, days_ago: float = 0) -> str:
    """A backup of an older schema, which is all that its manifest says of the code that made it."""
    name = str(json.loads(machine.done("backup", place, "--json"))["name"])
    made = read_manifest(FolderDepot(place), name)
    older = replace(made, revision=revision, made_at=made.made_at - timedelta(days=days_ago))
    (place / path_of(name)).write_bytes(to_bytes(signed(older, machine.environment["SECRET_KEY"])))
    return name


@pytest.mark.parametrize("keep", [("--keep", "1"), ("--keep-daily", "1")])
def test_keeps_the_last_of_each_schema_for_a_week(
    app: Flask, environment: dict[str, str], tmp_path: Path, keep: tuple[str, ...]
) -> None:
    """The ways back from two upgrades; others go as they would."""
    machine, place = Machine(environment), tmp_path / "backups"
    week = back_up_as_older_code(machine, place, "0040", days_ago=7.5)
    before = back_up_as_older_code(machine, place, "0050")
    yesterday = back_up_as_older_code(machine, place, "0050")
    today = back_up_as_older_code(machine, place, "0060")
    first, last = (json.loads(machine.done("backup", place, *keep, "--json")) for _ in range(2))
    gone = {*first["removed"]["backups"], *last["removed"]["backups"]}
    assert gone == {week, before, first["name"]}
    assert {yesterday, today, last["name"]} == {path.name for path in (place / "backups").iterdir()}
    machine.done("backup", "check", place, "--name", yesterday)
    machine.done("backup", "check", place, "--name", today)


def test_keeps_no_older_schema_that_only_a_clock_ahead_dated(
    app: Flask, environment: dict[str, str], tmp_path: Path
) -> None:
    machine, place = Machine(environment), tmp_path / "backups"
    ahead = back_up_as_older_code(machine, place, "0050", days_ago=-400)
    told = json.loads(machine.done("backup", place, "--keep", "1", "--json"))
    assert told["removed"]["backups"] == [ahead]


@pytest.mark.parametrize("place", ["files", "files/backups", "./files/../files/backups", ""])
def test_keeps_backups_and_files_apart(
    app: Flask, environment: dict[str, str], tmp_path: Path, place: str
) -> None:
    before = names_in(tmp_path / "files")
    told = Machine(environment).refused("backup", f"{tmp_path}/{place}", "--keep", "1")
    assert "cannot lie in each other" in told
    assert names_in(tmp_path / "files") == before


@pytest.mark.parametrize(
    ("keep", "stay"),
    [
        (Keep(), sorted(DAILY)),
        (Keep(newest=3), ["000", "001", "002"]),
        (Keep(daily=2), ["000", "001"]),
        (Keep(weekly=3), ["000", "001", "008"]),
        (Keep(monthly=3), ["000", "002", "033"]),
        (Keep(newest=2, daily=3, weekly=2, monthly=2), ["000", "001", "002"]),
    ],
)
def test_keeps_the_newest_of_each_span(keep: Keep, stay: list[str]) -> None:
    assert sorted(choose(DAILY, keep, NOON)) == stay


def test_keeps_the_last_of_a_day_with_several() -> None:
    made = {"morning": NOON - timedelta(hours=6), "noon": NOON, "before": NOON - timedelta(days=1)}
    assert choose(made, Keep(daily=2), NOON) == {"noon", "before"}


def test_takes_what_is_dated_in_the_future_for_the_oldest() -> None:
    made = DAILY | {"ahead": NOON + timedelta(days=400), "soon": NOON + timedelta(minutes=14)}
    assert choose(made, Keep(newest=2), NOON) == {"soon", "000"}
    assert choose(made, Keep(daily=1, weekly=1, monthly=1), NOON) == {"soon"}
    assert choose({"ahead": made["ahead"]}, Keep(newest=1), NOON) == {"ahead"}
