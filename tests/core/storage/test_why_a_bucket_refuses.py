"""The word of a bucket's refusal reaches the log and the owner; its addresses reach nobody."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from storefront.core.bucket_refusals import advise, why_of
from tests.support.people import make_person, sign_in_at_admin
from tests.support.s3 import bucket_settings
from tests.support.spoiled_s3 import SpoiledS3, spoiled_s3


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("at https://b.example/k - status code: 403 Forbidden: <Code>NoSuchBucket</Code>", "NoSuchBucket"),
        ("at https://b.example/k - status code: 403 Forbidden: ", "403"),
        ("Generic S3 error: https://b.example/k: dns error: failed to lookup", "dns error"),
        ("https://b.example/k", "ValueError"),
    ],
)
def test_keeps_the_word_of_a_refusal_alone(said: str, why: str) -> None:
    assert why_of(ValueError(said)) == why


def test_advises_by_the_word() -> None:
    assert advise("RequestTimeTooSkewed") == "Set the clock of this machine"
    assert advise("teapot") == "Look at its address and keys"


@pytest.mark.slow
class TestOfTheShop:
    @pytest.fixture
    def spoiled(self, s3: str, bucket: Any) -> Iterator[SpoiledS3]:
        with spoiled_s3(s3) as server:
            yield server

    @pytest.fixture
    def environment(self, environment: dict[str, str], spoiled: SpoiledS3) -> dict[str, str]:
        return environment | bucket_settings(spoiled.url)

    def test_logs_a_refusal_and_tells_the_owner(
        self, app: Flask, spoiled: SpoiledS3, caplog: pytest.LogCaptureFixture
    ) -> None:
        owner = sign_in_at_admin(app, make_person(app))
        spoiled.refuse("readiness", 403, "RequestTimeTooSkewed")
        page = owner.get("/admin/ready").text
        assert "take a file: it says RequestTimeTooSkewed. Set the clock of this machine." in page
        logged = [vars(one) for one in caplog.records if one.message == "bucket does not answer, or refuses"]
        assert logged[-1]["why"] == "RequestTimeTooSkewed"

    def test_tells_the_word_of_a_bucket_that_refuses_writes_alone(self, app: Flask, spoiled: SpoiledS3) -> None:
        owner = sign_in_at_admin(app, make_person(app))
        spoiled.refuse("^PUT .*readiness", 403, "AccessDenied")
        assert "take a file: it says AccessDenied. Allow its key to do this." in owner.get("/admin/ready").text
