"""A bucket that refuses in the middle: the blame is the bucket's, in a sentence, and nothing half done is left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.core.runtime import settings
from tests.owner.backup.shops import IDENTITY, Machine, another_machine, with_backups
from tests.support.databases import Databases
from tests.support.s3 import bucket_settings
from tests.support.spoiled_s3 import SpoiledS3, spoiled_s3

pytestmark = pytest.mark.slow
PLACE = "s3://goods/backups"
REFUSED = "The bucket does not answer, or refuses"


@pytest.fixture
def spoiled(s3: str, bucket: Any) -> Iterator[SpoiledS3]:
    with spoiled_s3(s3) as server:
        yield server


@pytest.fixture
def machine(app: Flask, environment: dict[str, str], spoiled: SpoiledS3) -> Machine:
    keys = {name: value for name, value in bucket_settings(spoiled.url).items() if name != "FILES_URL"}
    return Machine(with_backups(environment) | keys)


def add_file(app: Flask, content: bytes) -> None:
    with app.app_context():
        (settings().files_path / "new.bin").write_bytes(content)


def keys_in(bucket: Any) -> set[str]:
    return {one["Key"] for one in bucket.list_objects_v2(Bucket="goods").get("Contents", [])}


def test_blames_the_place_that_takes_nothing(
    app: Flask, machine: Machine, spoiled: SpoiledS3, bucket: Any
) -> None:
    machine.done("backup", PLACE)
    add_file(app, b"new")
    before = keys_in(bucket)
    refusals = [
        ("PUT .*database.age", 403, "AccessDenied"),
        ("PUT .*objects/", 403, "AccessDenied"),
        ("PUT .*objects/", 404, "NoSuchUpload"),
        ("PUT .*manifest.json", 404, "NoSuchBucket"),
    ]
    for rule, status, code in refusals:
        spoiled.refuse(rule, status, code)
        assert f"{REFUSED} ({code}). " in machine.refused("backup", PLACE)
        assert keys_in(bucket) == before
    spoiled.rule = None
    machine.done("backup", PLACE)


def test_says_so_at_reading_a_backup_and_changes_nothing(
    machine: Machine, spoiled: SpoiledS3, all_databases: Databases, tmp_path: Path
) -> None:
    machine.done("backup", PLACE)
    empty = another_machine(machine.environment, all_databases, "sqlite", tmp_path / "second")
    restore = ("restore", PLACE, "--identity", "-")
    for rule, status in (("GET .*manifest.json", 403), ("GET .*index.age", 403), ("GET .*database.age", 200)):
        spoiled.refuse(rule, status, "AccessDenied")
        assert REFUSED in machine.refused("backup", "check", PLACE), rule
        assert REFUSED in empty.refused(*restore, stdin=IDENTITY), rule
    spoiled.refuse("GET .*manifest.json", 403, "AccessDenied")
    assert REFUSED in machine.refused("backup", "list", PLACE)
    spoiled.rule = None
    empty.done(*restore, stdin=IDENTITY)


def test_names_the_file_that_a_bucket_does_not_give(
    machine: Machine, spoiled: SpoiledS3, bucket: Any, tmp_path: Path
) -> None:
    bucket.put_object(Bucket="goods", Key="shop/tidy/new.bin", Body=b"new" * 1000)
    machine.environment["FILES_URL"] = "s3://goods/shop"
    for rule, status in (("HEAD .*new.bin", 403), ("GET .*new.bin", 403), ("GET .*new.bin", 200)):
        spoiled.refuse(rule, status, "AccessDenied")
        said = machine.refused("backup", tmp_path / "place")
        assert f"The shop's file tidy/new.bin cannot be read. {REFUSED}" in said, rule
    spoiled.refuse("GET .*new.bin", 404, "NoSuchKey")
    assert "The shop's file tidy/new.bin went while it was read" in machine.refused("backup", tmp_path / "place")
