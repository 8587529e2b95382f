"""With a bucket as storage: the same, and a bucket that is away loses nothing."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.owner.uploads.tus import Tus, find_release, parts
from tests.support.s3 import bucket_settings

pytestmark = pytest.mark.slow
DATA = bytes(range(256)) * 40_000  # more than a part


@pytest.fixture
def environment(environment: dict[str, str], s3: str) -> dict[str, str]:
    return environment | bucket_settings(s3)


def test_brings_a_file_into_a_bucket(app: Flask, bucket: Any, tmp_path: Path) -> None:
    tus = Tus(app)
    path = tus.begin(len(DATA))
    assert tus.patch(path, 0, DATA[:5_000_000]).status_code == 204
    assert parts(app) == [tmp_path / "uploads" / f"{path.rpartition('/')[2]}.part"]
    assert tus.patch(path, 5_000_000, DATA[5_000_000:]).status_code == 204
    release = find_release(app)
    assert release
    (file,) = release.files
    assert bucket.get_object(Bucket="goods", Key=f"shop/{file.path}")["Body"].read() == DATA
    assert parts(app) == []


def test_waits_for_a_bucket_that_is_away(app: Flask, s3: str) -> None:
    import boto3

    tus = Tus(app)
    path = tus.begin(len(DATA))
    answer = tus.patch(path, 0, DATA)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "storage_unavailable")
    assert tus.ask("GET", path).get_json()["state"] == "failed"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=s3, **keys)
    client.create_bucket(Bucket="goods")
    assert tus.patch(path, len(DATA), b"").status_code == 204
    for stored_object in client.list_objects_v2(Bucket="goods")["Contents"]:
        client.delete_object(Bucket="goods", Key=stored_object["Key"])
    client.delete_bucket(Bucket="goods")
    client.close()
    assert find_release(app)
