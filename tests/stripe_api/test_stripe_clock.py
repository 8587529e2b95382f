"""What time it is at Stripe, or at what answers there in its place."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask import Flask

from storefront.stripe_api.stripe_clock import read_stripe_time
from tests.support.impossible_dates import IMPOSSIBLE_DATES


class Clock(BaseHTTPRequestHandler):
    date = ""

    def do_HEAD(self) -> None:
        self.send_response_only(200)
        if self.date:
            self.send_header("Date", self.date)
        self.end_headers()


@pytest.fixture
def api_base() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Clock)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("Mon, 02 Nov 2026 09:30:15 GMT", "2026-11-02T09:30:15+00:00"),
        ("Mon, 02 Nov 2026 09:30:15 -0000", "2026-11-02T09:30:15+00:00"),
        *[(date, None) for date in ("", "tomorrow", *IMPOSSIBLE_DATES)],
    ],
)
def test_reads_the_date_of_an_answer_or_none(
    app: Flask, api_base: str, monkeypatch: pytest.MonkeyPatch, date: str, read: str | None
) -> None:
    monkeypatch.setattr(Clock, "date", date)
    with app.app_context():
        moment = read_stripe_time(api_base)
    assert (moment.isoformat() if moment else None) == read
