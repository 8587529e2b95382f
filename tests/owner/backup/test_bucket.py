"""Backups in a bucket, and a shop whose files move from a folder into a bucket and back by way of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.core.storage import storage
from tests.owner.backup.shops import IDENTITY, Machine, another_machine, names_in, set_looks, with_backups
from tests.shop.media.drawn import add, add_one_sample, draw, saved
from tests.support.databases import Databases
from tests.support.rows import read_rows
from tests.support.s3 import bucket_settings

pytestmark = pytest.mark.slow
PLACE = "s3://goods/backups"


@pytest.fixture
def machine(app: Flask, environment: dict[str, str], s3: str) -> Machine:
    keys = {name: value for name, value in bucket_settings(s3).items() if name != "FILES_URL"}
    return Machine(with_backups(environment) | keys)


@pytest.fixture
def restored(machine: Machine, all_databases: Databases, bucket: Any, tmp_path: Path) -> Machine:
    """From a bucket, with its files in one."""
    machine.done("backup", PLACE)
    made = another_machine(
        machine.environment, all_databases, "sqlite", tmp_path / "second", FILES_URL="s3://goods/shop"
    )
    made.done("restore", PLACE, "--identity", "-", stdin=IDENTITY)
    return made


def objects(bucket: Any, below: str) -> list[str]:
    return [one["Key"] for one in bucket.list_objects_v2(Bucket="goods", Prefix=below).get("Contents", [])]


def files_of(row: dict[str, Any]) -> list[dict[str, str]]:
    """Of a picture, whose column SQLite gives as text."""
    files: list[dict[str, str]] = json.loads(row["files"])
    return files


def test_brings_a_shop_into_a_bucket_and_back_into_a_folder(
    machine: Machine, restored: Machine, bucket: Any, all_databases: Databases, tmp_path: Path
) -> None:
    with restored.app() as app:
        (path,) = (row["path"] for row in read_rows(app, "SELECT path FROM release_files LIMIT 1"))
        with app.app_context():
            content = b"".join(storage().read(path))
    assert content == (tmp_path / "files" / path).read_bytes()
    described = bucket.head_object(Bucket="goods", Key=f"shop/{path}")
    assert described["ContentDisposition"].startswith("attachment; filename=")
    place = tmp_path / "backups"
    restored.done("backup", place)
    back = another_machine(machine.environment, all_databases, "sqlite", tmp_path / "third")
    back.done("restore", place, "--identity", "-", stdin=IDENTITY)
    assert names_in(tmp_path / "third" / "files") == names_in(tmp_path / "files")
    assert (tmp_path / "third" / "files" / path).read_bytes() == content
    assert (tmp_path / "third" / "files" / path).stat().st_mode & 0o777 == 0o644  # nginx reads it, too


def test_shows_pictures_wherever_they_were_brought_back(
    machine: Machine, app: Flask, all_databases: Databases, bucket: Any, tmp_path: Path
) -> None:
    """A bucket has them below a part of their hash, and a folder has not; samples and fonts as well."""
    add(app)
    add_one_sample(app)
    set_looks(app)
    names = [file["name"] for row in read_rows(app, "SELECT files FROM pictures") for file in files_of(row)]

    def brought_back(source: Machine, folder: str, **settings: str) -> Machine:
        source.done("backup", PLACE)
        made = another_machine(machine.environment, all_databases, "sqlite", tmp_path / folder, **settings)
        made.done("restore", PLACE, "--identity", "-", stdin=IDENTITY)
        with made.app() as other:
            answers = [other.test_client().get(f"/media/{name}").status_code for name in names]
        assert answers == [200] * len(names)
        made.done("shop", "export", tmp_path / f"{folder}-as-files")
        made.done("backup", PLACE, "--keep", "2")  # ends with 1 where a file is missing
        return made

    in_bucket = brought_back(machine, "second", FILES_URL="s3://goods/shop")
    brought_back(in_bucket, "third")
    assert names_in(tmp_path / "third" / "files") == names_in(tmp_path / "files")


def test_removes_old_backups_and_tells_of_a_missing_object(restored: Machine, bucket: Any) -> None:
    restored.done("backup", PLACE, "--keep", "1")
    names = {key.split("/")[2] for key in objects(bucket, "backups/backups/")}
    assert len(names) == 1
    assert "is whole" in restored.done("backup", "check", PLACE)
    assert "is whole" in restored.done("backup", "check", PLACE, "--name", *names)
    lost = objects(bucket, "backups/objects/")[0]
    bucket.delete_object(Bucket="goods", Key=lost)
    assert f"{lost.removeprefix('backups/')} is missing" in restored.refused("backup", "check", PLACE)
    restored.done("backup", PLACE)
    assert "is whole" in restored.done("backup", "check", PLACE), "the next one has it again"


def test_says_which_files_a_bucket_lacks_and_removes_nothing_old(
    machine: Machine, app: Flask, all_databases: Databases, bucket: Any, tmp_path: Path
) -> None:
    add(app)
    machine.done("backup", PLACE)
    moved = another_machine(
        machine.environment, all_databases, "sqlite", tmp_path / "second", FILES_URL="s3://goods/shop"
    )
    moved.done("restore", PLACE, "--identity", "-", stdin=IDENTITY)
    with moved.app() as other:
        add(other, saved(draw(8, 8)))
    moved.done("backup", PLACE)  # pictures that came out of a folder, and one that never was in it
    before = objects(bucket, "backups/")
    (path,) = (row["path"] for row in read_rows(app, "SELECT path FROM release_files LIMIT 1"))
    media = objects(bucket, "shop/media/")[0].removeprefix("shop/")
    for lost in (path, media):
        bucket.delete_object(Bucket="goods", Key=f"shop/{lost}")
    answer = moved.run("backup", PLACE, "--keep", "1")
    assert (answer.exit_code, "2 of the shop's files are missing" in answer.stdout) == (1, True)
    assert path in answer.stdout
    assert set(before) < set(objects(bucket, "backups/"))


def test_says_what_is_wrong_with_an_address(machine: Machine) -> None:
    assert "without keys" in machine.refused("backup", "s3://key:secret@goods/backups")
    assert "Write a folder, or a bucket" in machine.refused("backup", "https://example.com/backups")
    machine.environment["BACKUP_AWS_ACCESS_KEY_ID"] = "another"
    machine.environment["BACKUP_AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    assert "bucket does not answer" in machine.refused("backup", PLACE)
