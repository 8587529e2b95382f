"""Files at the click: to whom, how often, in which parts, and what a missing one says."""

import hashlib
import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError
from storefront.delivery.downloads.counting import raise_limit
from storefront.orders.models import Order
from storefront.shop.catalog.models import Product, Release
from tests.delivery.downloads.clicks import (
    BOOK,
    add_release,
    content,
    counted_downloads,
    forget_window,
    short_link,
    status,
)
from tests.support.databases import BOTH
from tests.support.goods import change_product, change_sold
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.mark.happy_path
def test_leads_a_click_to_a_short_lived_address(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    token = link.split("/")[2]
    assert token not in short
    with Buyer(app).get(short) as answer:  # whoever has the short address may use it while it lasts
        assert answer.status_code == 200
        assert answer.data == content(app)
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["ETag"] == f'"{hashlib.sha256(content(app)).hexdigest()}"'


def test_ends_a_short_lived_address(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        ended = sale.buyer.get(short)
        assert (ended.status_code, "order page" in ended.text) == (404, True)
    changed = short.replace("/file/", "/file/x")
    assert status(sale.buyer, changed) == 404


def test_stops_links_already_made_after_a_refund(sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    for address in (short, link):
        answer = sale.buyer.get(address)
        assert (answer.status_code, "refunded" in answer.text) == (403, True)


def test_gives_a_file_to_nobody_else(app: Flask, link: str) -> None:
    token = link.split("/")[2]
    stranger = Buyer(app)
    assert stranger.get(link.replace(token, "0" * 32)).status_code == 404
    other_file = re.sub(r"/(\d+)/", lambda found: f"/{int(found[1]) + 1}/", link)
    assert stranger.get(other_file).status_code == 404
    assert stranger.get(re.sub(r"/\d+/", "/99999999999999999999/", link)).status_code == 404


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("bytes=0-", slice(0, None)),
        ("bytes=100-", slice(100, None)),
        ("bytes=5-9", slice(5, 10)),
        ("bytes=-7", slice(-7, None)),
    ],
)
def test_sends_the_part_that_is_asked_for(app: Flask, sale: Sale, link: str, asked: str, named: slice) -> None:
    whole = content(app)
    with sale.buyer.get(link, headers={"Range": asked}) as part:
        assert part.status_code == 206
        assert part.data == whole[named]
        begin = named.start % len(whole)
        assert part.headers["Content-Range"] == f"bytes {begin}-{begin + len(part.data) - 1}/{len(whole)}"
        assert part.headers["Content-Length"] == str(len(part.data))


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.none() | st.integers(0, 30_000), last=st.none() | st.integers(0, 30_000))
@example(first=None, last=0)
@example(first=0, last=0)
def test_sends_for_every_range_the_slice_it_names(
    app: Flask, sale: Sale, first: int | None, last: int | None
) -> None:
    whole = content(app)
    size = len(whole)
    short = short_link(sale.buyer, sale.downloads[0].removeprefix(sale.buyer.base_url))
    text = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    with sale.buyer.get(short, headers={"Range": text}) as part:
        if first is None and last is None:
            assert part.status_code in (200, 416)
        elif first is None:
            assert last is not None
            assert part.status_code == (206 if last else 416)
            assert not last or part.data == whole[-last:]
        elif last is not None and last < first:
            assert part.status_code in (200, 416)
        elif first >= size:
            assert (part.status_code, part.headers["Content-Range"]) == (416, f"bytes */{size}")
        else:
            assert part.status_code == 206
            assert part.data == whole[first : None if last is None else last + 1]


@both
def test_counts_parts_and_retries_as_one_download(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, BOOK[0], download_limit=1)
    sale = sell(app, sandbox, BOOK)
    link = sale.downloads[0].removeprefix(sale.buyer.base_url)
    with sale.buyer.client.head(link, follow_redirects=True) as head:
        assert head.status_code == 200
    for header, word in (
        ("Sec-Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
        ("Purpose", "preview"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
    ):
        assert sale.buyer.get(link, headers={header: word}).status_code == 403
    with sale.buyer.get(link, headers={"Range": "bytes=9999999-"}) as nothing:
        assert nothing.status_code == 416
    assert counted_downloads(app) == 0

    def click(asked: str) -> int:
        headers = {"Range": asked} if asked else {}
        with sale.buyer.app.test_client().get(link, headers=headers, follow_redirects=True) as answer:
            return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(click, ["", "bytes=0-", "bytes=10-", "bytes=-5", "bytes=0-99"] * 4))
    assert statuses <= {200, 206}
    assert counted_downloads(app) == 1


def test_counts_a_download_that_leaves_out_the_first_byte(app: Flask, sale: Sale, link: str) -> None:
    change_sold(app, BOOK[0], download_limit=1)
    with sale.buyer.get(link, headers={"Range": "bytes=1-"}) as rest:
        assert rest.status_code == 206
    assert counted_downloads(app) == 1
    forget_window(app)
    refused = sale.buyer.get(link, headers={"Range": "bytes=1-"})
    assert refused.status_code == 403
    assert "Contact the shop" in refused.text
    assert sale.buyer.client.head(link, follow_redirects=True).status_code == 403


def test_lets_the_owner_raise_the_limit(app: Flask, sale: Sale, link: str) -> None:
    change_sold(app, BOOK[0], download_limit=1)
    assert status(sale.buyer, link) == 200
    forget_window(app)
    assert status(sale.buyer, link) == 403
    number = str(read_rows(app, "SELECT number FROM orders")[0]["number"])
    with app.app_context():
        assert raise_limit(number, downloads=1) == 1
        with pytest.raises(StorefrontError, match="no order"):
            raise_limit("XXXXXXXX", downloads=1)
    assert status(sale.buyer, link) == 200
    forget_window(app)
    assert status(sale.buyer, link) == 403


def test_ends_after_its_days_and_lets_the_owner_add_some(app: Flask, sale: Sale, link: str) -> None:
    change_sold(app, BOOK[0], download_days=30)
    assert status(sale.buyer, link) == 200
    with app.app_context(), transaction() as session:
        session.execute(update(Order).values(paid_at=clock.now() - timedelta(days=31)))
    over = sale.buyer.get(link)
    assert (over.status_code, "ended on" in over.text) == (403, True)
    number = str(read_rows(app, "SELECT number FROM orders")[0]["number"])
    with app.app_context():
        raise_limit(number, days=10)
    assert status(sale.buyer, link) == 200


def test_offers_a_new_release_to_who_bought_before(app: Flask, sale: Sale, tmp_path: Path) -> None:
    add_release(app, tmp_path, "Second edition")
    page = sale.order_page()
    assert page.index("Second edition") < page.index("First edition")
    links = re.findall(r'href="([^"]*/downloads/[^"]+\.epub)"', page)
    assert [status(sale.buyer, address) for address in links] == [200, 200]


def test_includes_no_release_after_the_update_window(app: Flask, sale: Sale, tmp_path: Path) -> None:
    change_sold(app, BOOK[0], update_days=365)
    with app.app_context(), transaction() as session:
        session.execute(update(Order).values(paid_at=clock.now() - timedelta(days=366)))
        session.execute(update(Release).values(published_at=clock.now() - timedelta(days=400)))
    add_release(app, tmp_path, "Second edition")
    assert "Second edition" not in sale.order_page()
    file_id = read_rows(app, "SELECT max(id) AS id FROM release_files")[0]["id"]
    first = sale.downloads[0].removeprefix(sale.buyer.base_url)
    assert status(sale.buyer, first) == 200
    assert sale.buyer.get(re.sub(r"/\d+/", f"/{file_id}/", first)).status_code == 404


def test_hides_a_withdrawn_release(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    with app.app_context(), transaction() as session:
        session.execute(update(Release).values(withdrawn_at=clock.now()))
    assert "First edition" not in sale.order_page()
    for address in (link, short):
        gone = sale.buyer.get(address)
        assert (gone.status_code, "order page" in gone.text) == (404, True)


def test_puts_all_files_into_one_zip(app: Flask, sandbox: SandboxClient, tmp_path: Path) -> None:
    sale = sell(app, sandbox, BOOK, ("twinspot", "Personal"))
    add_release(app, tmp_path, "Second edition", "Größe ☕.epub")
    address = f"{sale.link.replace('/orders/', '/downloads/')}/all.zip"
    head = sale.buyer.client.head(address)
    with sale.buyer.get(address) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Length"] == str(len(answer.data)) == head.headers["Content-Length"]
        archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    assert set(archive.namelist()) == {"Größe ☕.epub", "twinspot-2.1.zip"}
    assert archive.read("Größe ☕.epub") == b"content of Second edition"
    assert counted_downloads(app) == 2
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    assert status(sale.buyer, address) == 403


def test_offers_nothing_to_download_for_a_license_alone(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Product).where(Product.slug == "twinspot").values(grants_download=False))
    sale = sell(app, sandbox)
    assert sale.buyer.get(f"{sale.link.replace('/orders/', '/downloads/')}/all.zip").status_code == 404
