"""A backup that was made while the clock was ahead takes the place of none that is made after it was put right."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.depots import FolderDepot
from storefront.owner.backup.keep import Keep
from storefront.owner.backup.make import make_backup
from storefront.owner.backup.manifest import list_names
from tests.owner.backup.shops import IDENTITY, Machine, another_machine, with_backups
from tests.support.databases import Databases


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


def back_up(machine: Machine, place: Path, *keep: str, days: int = 0) -> str:
    with time_machine.travel(clock.now() + timedelta(days=days)):
        return str(json.loads(machine.done("backup", place, *keep, "--json"))["name"])


@pytest.mark.parametrize("keep", [("--keep", "1"), ("--keep-daily", "1"), ("--keep-weekly", "1", "--keep", "1")])
def test_removes_the_one_of_a_clock_that_was_ahead_and_no_new_one(
    machine: Machine, place: Path, keep: tuple[str, ...]
) -> None:
    ahead = back_up(machine, place, *keep, days=400)
    new = back_up(machine, place, *keep)
    assert list_names(FolderDepot(place)) == [new]
    assert ahead != new


def test_takes_the_newest_of_a_clock_that_was_right(
    machine: Machine, environment: dict[str, str], all_databases: Databases, place: Path, tmp_path: Path
) -> None:
    ahead, new = back_up(machine, place, days=400), back_up(machine, place)
    first, last = machine.done("backup", "list", place).splitlines()
    assert (first.startswith(new), "in the future" in first) == (True, False)
    assert (last.startswith(ahead), last.endswith("dated in the future")) == (True, True)
    listed = json.loads(machine.done("backup", "list", place, "--json"))
    assert [one["is_dated_in_the_future"] for one in listed] == [False, True]
    assert f"{new} is whole" in machine.done("backup", "check", place)
    restored = another_machine(environment, all_databases, "sqlite", tmp_path / "new")
    assert f"{new} is back" in restored.done("restore", place, "--identity", "-", stdin=IDENTITY)


def test_takes_one_that_is_dated_in_the_future_where_there_is_no_other(machine: Machine, place: Path) -> None:
    ahead = [back_up(machine, place, days=400), back_up(machine, place, days=401)]
    assert f"{ahead[1]} is whole" in machine.done("backup", "check", place)


def test_warns_of_no_backup_where_the_last_is_dated_in_the_future(machine: Machine, place: Path) -> None:
    back_up(machine, place, days=400)
    assert "only while the clock was ahead" in machine.run("status").stdout
    back_up(machine, place)
    assert "clock was ahead" not in machine.run("status").stdout


class SetRight(FolderDepot):
    """A place that is so slow that somebody sets the clock right before the backup ends."""

    traveller: time_machine.Traveller
    right: datetime

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        with super().writing(name) as content:
            yield content
        self.traveller.move_to(self.right)


def test_keeps_the_one_that_was_just_made(app: Flask, machine: Machine, place: Path) -> None:
    old, right = back_up(machine, place), clock.now()
    depot = SetRight(place)
    with app.app_context(), time_machine.travel(right + timedelta(days=400)) as depot.traveller:
        depot.right = right
        made = make_backup(depot, Keep(newest=1))
    assert set(list_names(depot)) == {old, made.name}
