"""Names of files that lie in a shop: what a backup takes comes back, and what cannot is refused by the backup."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.owner.backup.restore import is_inside
from tests.owner.backup.shops import IDENTITY, Machine, another_machine, names_in, with_backups
from tests.support.databases import Databases
from tests.support.s3 import bucket_settings

ODD = (r"notes\old.txt", "..hidden", "a b%20+ü.txt", "two\nlines", r"\first")
PLACE = "s3://goods/backups"


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


def test_brings_back_whatever_a_folder_holds(
    app: Flask, environment: dict[str, str], all_databases: Databases, tmp_path: Path
) -> None:
    for name in ODD:
        (tmp_path / "files" / name).write_text(name)
    machine, place = Machine(environment), tmp_path / "backups"
    machine.done("backup", place)
    assert "is whole" in machine.done("backup", "check", place)
    told = machine.done("backup", "secret-key", place, "--identity", "-", stdin=IDENTITY)
    assert told.strip() == environment["SECRET_KEY"]
    empty = another_machine(environment, all_databases, "sqlite", tmp_path / "new")
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)
    assert names_in(tmp_path / "new" / "files") == names_in(tmp_path / "files")
    assert [(tmp_path / "new" / "files" / name).read_text() for name in ODD] == list(ODD)


@pytest.mark.parametrize(
    ("path", "separator", "stays"),
    [
        ("tool/1.0/tool.zip", "/", True),
        (r"notes\old.txt", "/", True),
        (r"notes\old.txt", "\\", False),
        ("tool/1.0/tool.zip", "\\", True),
        ("..hidden/...", "/", True),
        ("../etc/passwd", "/", False),
        ("tool/../../x", "/", False),
        ("/etc/passwd", "/", False),
        ("tool//x", "/", False),
        ("tool/", "/", False),
        ("", "/", False),
    ],
)
def test_judges_whether_a_path_stays_in_the_folder(path: str, separator: str, *, stays: bool) -> None:
    assert is_inside(path, separator) is stays


@pytest.fixture
def in_bucket(app: Flask, environment: dict[str, str], s3: str) -> Machine:
    return Machine(environment | bucket_settings(s3))


@pytest.mark.slow
@pytest.mark.parametrize("key", ["tool//x.zip", "tool/../x.zip", "tool/./x.zip", "/x.zip", "tool/a\x01.zip"])
def test_refuses_to_back_up_names_that_no_folder_can_have(
    in_bucket: Machine, bucket: Any, tmp_path: Path, key: str
) -> None:
    place = tmp_path / "backups"
    bucket.put_object(Bucket="goods", Key=f"shop/{key}", Body=b"x")
    for _ in range(2):
        told = in_bucket.refused("backup", place)
        assert "The bucket has a name with an empty part (//)" in told
        assert "rename or delete it, then try again" in told
        assert key.rpartition("/")[2] in told or "\x01" in key
        assert names_in(place) == []
    bucket.delete_object(Bucket="goods", Key=f"shop/{key}")
    in_bucket.run("backup", place)
    assert names_in(place) != []


@pytest.mark.slow
def test_takes_a_backslash_and_leaves_a_folder_of_a_bucket(
    in_bucket: Machine, bucket: Any, all_databases: Databases, tmp_path: Path
) -> None:
    """A vendor's page in the browser makes a folder as an empty object, whose name ends with a slash."""
    place = tmp_path / "backups"
    bucket.put_object(Bucket="goods", Key="shop/notes\\old.txt", Body=b"x")
    bucket.put_object(Bucket="goods", Key="shop/folder/", Body=b"")
    made = json.loads(in_bucket.run("backup", place, "--json").stdout)
    assert made["files"] == 1
    back = another_machine(in_bucket.environment, all_databases, "sqlite", tmp_path / "new")
    back.done("restore", place, "--identity", "-", stdin=IDENTITY)
    assert names_in(tmp_path / "new" / "files") == [r"notes\old.txt"]
