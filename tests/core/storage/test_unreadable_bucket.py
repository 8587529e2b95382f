"""A bucket that takes files and gives none back, as S3 does without `kms:Decrypt`."""

import io
from typing import Any

import obstore
import pytest
from flask import Flask
from obstore.exceptions import PermissionDeniedError

from storefront.core.db import db
from storefront.core.storage import StorageUnavailable, storage
from tests.shop.media.drawn import add_one_sample, samples_of
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.s3 import bucket_settings
from tests.support.shop import Buyer

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(environment: dict[str, str], s3: str) -> dict[str, str]:
    return environment | bucket_settings(s3)


def give_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise PermissionDeniedError("403 Forbidden: AccessDenied at https://goods.example")

    monkeypatch.setattr(obstore, "get_range", refuse)


def test_refuses_to_read_in_our_words(app: Flask, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        stored = storage().put(
            io.BytesIO(b"one"), folder="tool", filename="one.zip", content_type="application/zip"
        )
        with pytest.raises(FileNotFoundError):
            next(storage().read("tool/none.zip"))
        give_nothing_back(monkeypatch)
        with pytest.raises(StorageUnavailable, match="does not answer"):
            next(storage().read(stored.path))
        db.session.remove()


def test_says_so_on_the_list_of_what_is_ready(app: Flask, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    give_nothing_back(monkeypatch)
    answer = owner.get("/admin/ready")
    assert answer.status_code == 200
    assert "takes files and gives none back. Allow reading there." in answer.text
    assert len(read_rows(app, "SELECT name FROM readiness_answers WHERE name = 'storage'")) == 1
    assert bucket.list_objects_v2(Bucket="goods").get("Contents", []) == []


def test_answers_for_a_picture_with_a_page(app: Flask, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add_one_sample(app)
    (sample,) = samples_of(app)
    give_nothing_back(monkeypatch)
    for headers in ({}, {"Range": "bytes=500-503"}):
        answer = Buyer(app).get(sample.url, headers=headers)
        assert answer.status_code == 503
        assert "does not answer" in answer.text
