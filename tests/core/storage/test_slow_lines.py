"""A slow line to the bucket, and a slow reader of what comes from it: no request lasts as long as they do."""

import time
from datetime import timedelta
from tempfile import TemporaryFile
from typing import Any

import pytest
from flask import Flask

from storefront.core.buckets import Bucket, Patience
from tests.core.storage.slow_line import slow_line

pytestmark = pytest.mark.slow
MIB = 1024 * 1024
OPTIONS = {"access_key_id": "a", "secret_access_key": "b", "region": "us-east-1"}


def put(bucket: Bucket, size_bytes: int) -> str:
    with TemporaryFile() as content:
        content.truncate(size_bytes)
        return bucket.put(content, folder="tool/1.0", filename="large.bin", content_type="x/y").path


def test_lets_an_upload_take_longer_than_any_part_of_it(app: Flask, s3: str, bucket: Any) -> None:
    """Twelve parts, two at a time: each pair has a sixth of the time in all, however busy the machine is."""
    limit = timedelta(seconds=9)
    with app.app_context(), slow_line(s3, bytes_per_second=6 * MIB) as address:
        begun = time.monotonic()
        store = Bucket("s3://goods", OPTIONS | {"endpoint": address}, Patience(answer=limit, part=limit))
        path = put(store, 60 * MIB)
    assert time.monotonic() - begun > limit.total_seconds(), "the line was not slow"
    assert bucket.head_object(Bucket="goods", Key=path)["ContentLength"] == 60 * MIB


def test_lets_a_reader_take_longer_than_an_answer(app: Flask, s3: str, bucket: Any) -> None:
    limit = timedelta(seconds=5)
    with app.app_context():
        store = Bucket("s3://goods", OPTIONS | {"endpoint": s3}, Patience(answer=limit, part=timedelta(minutes=1)))
        path = put(store, 20 * MIB + 7)
        begun, read = time.monotonic(), 0
        for piece in store.read(path):
            assert piece == bytes(len(piece))
            read += len(piece)
            time.sleep(0.5)
    assert time.monotonic() - begun > limit.total_seconds(), "the reader was not slow"
    assert read == 20 * MIB + 7
