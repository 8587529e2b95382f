"""When the time to download is over, pages and emails say so, and offer nothing that would be refused."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.shop.editor.editions import add_edition
from storefront.shop.editor.prices import read_amount, set_price
from tests.delivery.downloads.clicks import BOOK, status
from tests.support.goods import change_sold
from tests.support.rows import change_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Shop
from tests.support.sign_in import signed_in
from tests.support.upgrades import allow_upgrade, offers_on

SLUG = BOOK[0]
ENDED = "The time to download ended on"
LINK = re.compile(r'href="[^"]*/downloads/')


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    sale = sell(app, sandbox, BOOK, email=ADA)
    change_sold(app, SLUG, download_days=7, download_limit=3)
    return sale


def test_offers_downloads_while_their_time_lasts(app: Flask, sale: Sale) -> None:
    reader = signed_in(app)
    for page in (sale.order_page(), reader.get("/library").text, reader.get("/library/orders").text):
        assert LINK.search(page)
        assert ENDED not in page


def test_says_on_every_page_that_their_time_is_over(app: Flask, sale: Sale) -> None:
    over_at = clock.now() + timedelta(days=7)
    with time_machine.travel(clock.now() + timedelta(days=20), tick=True):
        assert status(sale.buyer, sale.downloads[0]) == 403
        reader = signed_in(app)
        for page in (sale.order_page(), reader.get("/library").text, reader.get("/library/orders").text):
            assert page.count(ENDED) == 1
            assert f">{over_at:%B} {over_at.day}, {over_at.year}</time>. Contact the shop for more time." in page
            assert "the-patient-toolmaker.epub" in page
            assert not LINK.search(page)
            assert "until" not in page
            assert "downloads left" not in page


def test_leaves_out_what_is_over_of_all_downloads(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, BOOK, ("twinspot", "Personal"), ("soft-taps", "Studio"), email=ADA)
    assert "Download all" in sale.order_page()
    change_sold(app, SLUG, download_days=7)
    change_sold(app, "soft-taps", download_days=7)
    with time_machine.travel(clock.now() + timedelta(days=20), tick=True):
        page = sale.order_page()
        assert page.count(ENDED) == 2
        assert len(LINK.findall(page)) == 1
        assert "Download all" not in page


def test_leads_to_the_purchase_of_a_product_that_can_still_be_downloaded(
    app: Flask, sandbox: SandboxClient
) -> None:
    older = sell(app, sandbox, BOOK, email=ADA)
    newer = sell(app, sandbox, BOOK, email=ADA)
    of_newer = f"(SELECT id FROM orders WHERE number = '{number_of(newer)}')"
    change_rows(app, f"UPDATE order_items SET download_days = 7 WHERE order_id = {of_newer}")
    with time_machine.travel(clock.now() + timedelta(days=20), tick=True):
        page = signed_in(app).get("/library").text
    assert older.link.rpartition("/")[2] in page[page.index("/downloads/") :][:60]
    assert ENDED not in page


def test_names_no_link_in_a_receipt_that_is_sent_again(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox, BOOK, email=ADA)
    change_sold(shop.app, SLUG, download_days=7)
    shop.work()
    first: Any = shop.mails(to=ADA)[0]
    assert "/downloads/" in first["text"]
    with time_machine.travel(clock.now() + timedelta(days=20), tick=True):
        sale.buyer.post(f"{sale.link}/receipt")
        shop.work()
        again: Any = next(mail for mail in shop.mails(to=ADA) if ENDED in mail["text"])
    for body in (again["text"], again["html"]):
        assert "Contact the shop for more time." in body
        assert "/downloads/" not in body


def test_upgrades_no_downloads_whose_time_is_over(app: Flask, sale: Sale) -> None:
    """Days go on counting, so the upgrade would open nothing."""
    with app.app_context():
        add_edition(SLUG, "Deluxe")
        set_price(SLUG, "deluxe", "usd", read_amount("99.00", "usd"))
        db.session.remove()
    allow_upgrade(app, "e-book", slug=SLUG, edition="deluxe")
    (offer,) = offers_on(sale.order_page())
    with time_machine.travel(clock.now() + timedelta(days=20), tick=True):
        assert offers_on(sale.order_page()) == []
        refused = sale.buyer.post(offer.action, amount_minor=offer.amount_minor)
        assert refused.location.endswith(sale.link), "from a page of before"
