"""Pictures and samples in a bucket: they come through the shop, in parts, and never from another address."""

from typing import Any

import pytest
from flask import Flask

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.core.storage import StorageUnavailable
from tests.shop.media.drawn import MP3, add, add_one_sample, pictures_of, samples_of
from tests.support.rows import read_rows
from tests.support.s3 import bucket_settings
from tests.support.shop import Buyer

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(environment: dict[str, str], s3: str) -> dict[str, str]:
    return environment | bucket_settings(s3)


def keys(bucket: Any) -> list[str]:
    return [item["Key"] for item in bucket.list_objects_v2(Bucket="goods").get("Contents", [])]


def test_keeps_and_sends_what_a_folder_would(app: Flask, buyer: Buyer, bucket: Any) -> None:
    add(app)
    (picture,) = pictures_of(app)
    assert len(keys(bucket)) == len(picture.files) + 1
    for file in picture.files:
        answer = buyer.get(file.url)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
        assert len(answer.data) == answer.content_length
    add(app)
    assert len(keys(bucket)) == len(picture.files) + 1
    assert buyer.get(f"/media/{'0' * 64}.webp").status_code == 404


def test_lets_players_seek(app: Flask, buyer: Buyer, bucket: Any) -> None:
    add_one_sample(app)
    (sample,) = samples_of(app)
    answer = buyer.get(sample.url, headers={"Range": "bytes=500-503"})
    assert (answer.status_code, answer.data) == (206, MP3[500:504])
    assert buyer.get(sample.url).data == MP3
    assert "Location" not in answer.headers


def test_leaves_no_rows_where_the_bucket_does_not_answer(environment: dict[str, str], app: Flask) -> None:
    away = create_app(load_settings(environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}))
    with pytest.raises(StorageUnavailable, match="does not answer"):
        add_one_sample(away)
    assert Buyer(away).get(f"/media/{'0' * 64}.webp").status_code == 503
    with away.app_context():
        db.session.remove()
        db.engine.dispose()
    assert read_rows(app, "SELECT * FROM product_samples") == []
    assert read_rows(app, "SELECT * FROM audit_entries") == []
