"""Conditions with a date that no calendar has: they are ignored, wherever they are read."""

import itertools

import pytest
from flask import Flask

from storefront.core.http_dates import read_http_date
from tests.support.impossible_dates import CONDITIONS, IMPOSSIBLE_DATES, with_impossible_dates
from tests.support.shop import Buyer

PAGES = ("/", "/products/twinspot", "/cart", "/sign-in", "/healthz", "/admin/sign-in", "/nothing")
FILES = (
    "/robots.txt", "/sitemap.xml", "/feed.xml", "/buy.js", "/manifest.webmanifest", "/media/cover/twinspot.svg",
    "/.well-known/storefront-revocations.jws", "/static/checkout.js", "/static/nothing.js",
)  # fmt: skip
SCRIPT = "/static/checkout.js"


@pytest.mark.parametrize("path", [*PAGES, *FILES])
def test_answers_as_without_it(app: Flask, path: str) -> None:
    for method in ("GET", "HEAD"):
        plain = Buyer(app).client.open(path, method=method, buffered=True)
        for name, date in itertools.product(CONDITIONS, IMPOSSIBLE_DATES):
            answer = Buyer(app).client.open(path, method=method, headers={name: date}, buffered=True)
            assert (answer.status_code, len(answer.data)) == (plain.status_code, len(plain.data)), (name, date)


@with_impossible_dates
def test_sends_all_of_a_static_file_to_who_has_a_part_of_an_impossible_version(buyer: Buyer, date: str) -> None:
    whole = buyer.get(SCRIPT, buffered=True).data
    answer = buyer.get(SCRIPT, buffered=True, headers={"If-Range": date, "Range": "bytes=0-3"})
    assert (answer.status_code, answer.data) == (200, whole)
    part = buyer.get(SCRIPT, buffered=True, headers={"If-Modified-Since": date, "Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, whole[:4])


@with_impossible_dates
def test_leaves_the_tag_beside_it_to_count(buyer: Buyer, date: str) -> None:
    tag = buyer.get("/").headers["ETag"]
    assert buyer.get("/", headers={"If-None-Match": tag, "If-Modified-Since": date}).status_code == 304


@with_impossible_dates
def test_is_no_date(date: str) -> None:
    assert read_http_date(date) is None


def test_leaves_a_date_that_there_is_to_count(buyer: Buyer) -> None:
    changed_at = buyer.get(SCRIPT, buffered=True).headers["Last-Modified"]
    assert buyer.get(SCRIPT, buffered=True, headers={"If-Modified-Since": changed_at}).status_code == 304
    for of_zone in ("Mon, 02 Nov 2026 09:30:15 GMT", "Mon, 02 Nov 2026 09:30:15 -0000"):
        read = read_http_date(of_zone)
        assert (read and read.isoformat()) == "2026-11-02T09:30:15+00:00"
    for no_date in (None, "", "tomorrow"):
        assert read_http_date(no_date) is None
