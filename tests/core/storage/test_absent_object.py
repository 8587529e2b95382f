"""A file that is deleted twice: Amazon says yes both times, and others answer 404, as Google does."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from flask import Flask

from storefront.core.buckets import Bucket
from storefront.core.storage import StorageUnavailable
from tests.support.s3 import bucket_settings


class Answers(BaseHTTPRequestHandler):
    status = 404

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def goods() -> Iterator[Bucket]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    keys = bucket_settings(f"http://127.0.0.1:{server.server_port}")
    options = {
        "access_key_id": "a",
        "secret_access_key": "b",
        "region": "eu",
        "endpoint": keys["AWS_ENDPOINT_URL"],
    }
    yield Bucket(keys["FILES_URL"], options)
    server.shutdown()
    server.server_close()


def test_deletes_what_is_gone_already(app: Flask, goods: Bucket) -> None:
    with app.app_context():
        goods.delete("tool/1.0/tool.zip")
        goods.delete("tool/1.0/tool.zip")


def test_refuses_a_delete_that_is_not_allowed(app: Flask, goods: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answers, "status", 403)
    with app.app_context(), pytest.raises(StorageUnavailable, match="does not answer"):
        goods.delete("tool/1.0/tool.zip")
