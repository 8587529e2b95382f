"""Requests with conditions: what carries no body costs nothing, and gives nothing away."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.wrappers import Response

from storefront.app import create_app
from storefront.core import clock
from storefront.core.config.settings import load_settings
from storefront.core.db import db, transaction
from storefront.core.runtime import runtime
from storefront.orders.models import Order
from tests.delivery.downloads.clicks import (
    BOOK,
    content,
    counted_downloads,
    forget_window,
    short_link,
    status,
    tag_of,
)
from tests.support.goods import change_sold
from tests.support.impossible_dates import CONDITIONS, with_impossible_dates
from tests.support.sale import Sale
from tests.support.shop import Buyer

LONG_AGO = "Mon, 01 Jan 2001 00:00:00 GMT"
WITHOUT_BODY = [
    ({"If-Match": '"another"'}, 412),
    ({"If-Match": '"another"', "Range": "bytes=0-9"}, 412),
    ({"If-Unmodified-Since": LONG_AGO}, 412),
    ({"If-Unmodified-Since": LONG_AGO, "Range": "bytes=0-9"}, 412),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": "*", "Range": "bytes=0-9"}, 304),
    ({"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 304),
    ({"Range": "bytes=99999999-"}, 416),
    ({"Range": "bytes=-0"}, 416),
]
without_body = pytest.mark.parametrize(("headers", "expected"), WITHOUT_BODY)


def is_empty(answer: Response) -> bool:
    return answer.data == b"" and answer.headers.get("Content-Length", "0") == "0"


@without_body
def test_has_no_body_and_costs_nothing_where_nothing_is_sent(
    app: Flask, sale: Sale, link: str, headers: dict[str, str], expected: int
) -> None:
    short = short_link(sale.buyer, link)
    for _ in range(runtime(app).settings.download_threads + 1):  # none of them keeps a slot
        with sale.buyer.get(short, headers=headers) as answer:
            assert (answer.status_code, is_empty(answer)) == (expected, True)
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert "Content-Disposition" not in answer.headers
    with sale.buyer.client.head(short, headers=headers) as head:
        assert head.status_code == (200 if expected == 416 else expected)
    assert counted_downloads(app) == 0
    assert status(sale.buyer, short) == 200


@without_body
def test_opens_nothing_when_the_limit_is_reached_or_the_days_are_over(
    app: Flask, sale: Sale, link: str, headers: dict[str, str], expected: int
) -> None:
    change_sold(app, BOOK[0], download_limit=1)
    short = short_link(sale.buyer, link)
    assert status(sale.buyer, short) == 200
    forget_window(app)
    for method in ("GET", "HEAD"):
        with sale.buyer.client.open(short, method=method, headers=headers) as used_up:
            assert (used_up.status_code, content(app) in used_up.data) == (403, False)
    change_sold(app, BOOK[0], download_limit=None, download_days=1)
    with app.app_context(), transaction() as session:
        session.execute(update(Order).values(paid_at=clock.now() - timedelta(days=30)))
    for method in ("GET", "HEAD"):
        with sale.buyer.client.open(short, method=method, headers=headers) as over:
            assert (over.status_code, content(app) in over.data) == (403, False)


def test_goes_on_only_with_the_same_file(app: Flask, sale: Sale, link: str) -> None:
    tag = tag_of(content(app))
    with sale.buyer.get(link, headers={"Range": "bytes=9-", "If-Range": tag}) as same:
        assert (same.status_code, same.data) == (206, content(app)[9:])
        changed_at = same.headers["Last-Modified"]
    with sale.buyer.get(link, headers={"Range": "bytes=9-", "If-Range": changed_at}) as dated:
        assert dated.status_code == 206
    for other in ('"another"', f"W/{tag}", LONG_AGO, "Fri, 01 Jan 2100 00:00:00 GMT"):
        with sale.buyer.get(link, headers={"Range": "bytes=9-", "If-Range": other}) as whole:
            assert (whole.status_code, len(whole.data)) == (200, len(content(app)))
    with sale.buyer.get(link, headers={"If-None-Match": tag}) as known:
        assert (known.status_code, known.headers["ETag"]) == (304, tag)


@with_impossible_dates
def test_ignores_a_date_that_no_calendar_has(app: Flask, sale: Sale, link: str, date: str) -> None:
    """With a range as well: of an impossible version nobody has a part."""
    short = short_link(sale.buyer, link)
    for name in CONDITIONS:
        with sale.buyer.get(link, headers={name: date}) as answer:
            assert (answer.status_code, answer.data) == (200, content(app))
        with sale.buyer.get(link, headers={name: date, "Range": "bytes=9-"}) as answer:
            expected = (200, content(app)) if name == "If-Range" else (206, content(app)[9:])
            assert (answer.status_code, answer.data) == expected
        with sale.buyer.client.head(short, headers={name: date}) as head:
            assert (head.status_code, head.data) == (200, b"")


@pytest.mark.parametrize("asked", ["items=0-9", "items=-9999999", "bytes=0-1,5-6", "bytes=9-5"])
def test_takes_a_range_it_does_not_know_for_the_whole_file(app: Flask, sale: Sale, link: str, asked: str) -> None:
    with sale.buyer.get(link, headers={"Range": asked}) as answer:
        assert (answer.status_code, answer.data) == (200, content(app))
        assert answer.headers["Content-Length"] == str(len(content(app)))


def test_describes_the_whole_file_to_head(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    with sale.buyer.client.head(short, headers={"Range": "bytes=0-9"}) as head:
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["Content-Length"] == str(len(content(app)))
        assert head.headers["Accept-Ranges"] == "bytes"
        assert "Content-Range" not in head.headers
    assert counted_downloads(app) == 0


@pytest.fixture
def behind_nginx(app: Flask, environment: dict[str, str]) -> Iterator[Buyer]:
    """A buyer whose shop leaves the sending to nginx; there is none here: see test_nginx."""
    accelerated = create_app(load_settings(environment | {"ACCEL_PREFIX": "/protected/"}))
    yield Buyer(accelerated)
    with accelerated.app_context():
        db.session.remove()
        db.engine.dispose()


@without_body
def test_asks_nginx_for_nothing_that_has_no_body(
    app: Flask, link: str, behind_nginx: Buyer, headers: dict[str, str], expected: int
) -> None:
    short = short_link(behind_nginx, link)
    with behind_nginx.get(short, headers=headers) as answer:
        assert (answer.status_code, is_empty(answer)) == (expected, True)
        assert "X-Accel-Redirect" not in answer.headers
    assert counted_downloads(app) == 0


def test_counts_a_condition_that_nginx_does_not_know(
    app: Flask, sale: Sale, link: str, behind_nginx: Buyer
) -> None:
    with behind_nginx.get(
        link, headers={"If-None-Match": tag_of(content(app))}
    ) as sent:  # nginx has tags of its own
        assert (sent.status_code, "X-Accel-Redirect" in sent.headers) == (200, True)
    assert counted_downloads(app) == 1
