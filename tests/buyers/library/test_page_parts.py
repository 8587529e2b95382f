"""The page after paying has small covers beside names, an order's page a side column from receipts to news."""

import re

from flask import Flask

from storefront.shop.catalog.models import ProductState
from tests.shop.media.drawn import add
from tests.support.goods import change_product
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.statements import counted

COVER = re.compile(
    r'<img class="thumb thumb-small" src="([^"]+)" alt="" width="\d+" height="\d+" [^>]*loading="lazy">'
)
TWINSPOT, BOOK = ("twinspot", "Personal"), ("the-patient-toolmaker", "E-book")


def page_after_paying(sale: Sale) -> str:
    return sale.buyer.get(f"/checkout/return?session_id={sale.session_id}").text


def test_shows_a_small_cover_beside_each_name(app: Flask, sandbox: SandboxClient) -> None:
    add(app, alt="A blue field")
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    covers = COVER.findall(page_after_paying(sale))
    assert len(covers) == 2
    assert covers[0].startswith("/media/")
    assert covers[0].endswith(".webp")
    assert covers[1] == "/media/cover/the-patient-toolmaker.svg"
    change_product(app, "the-patient-toolmaker", state=ProductState.DRAFT)
    assert len(COVER.findall(page_after_paying(sale))) == 1, "what no buyer may see has no cover"


def test_reads_the_covers_of_an_order_by_one_statement(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    with counted(app) as statements:
        page_after_paying(sale)
    assert sum("product_pictures" in statement for statement in statements) == 1


def test_orders_the_side_column_from_receipts_to_news(app: Flask, sandbox: SandboxClient) -> None:
    page = sell(app, sandbox, TWINSPOT, BOOK).order_page()
    aside = page[page.index('<div class="aside">') :]
    parts = (
        '/receipt"',
        "/receipt.pdf",
        "/stripe-receipt",
        "Email the receipt again",
        "/all.zip",
        "agrees-to-offers",
    )
    places = [aside.index(part) for part in parts]
    assert places == sorted(places)
