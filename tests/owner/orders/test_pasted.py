"""Whatever pages, receipts and emails print of an order finds it, with what stands around it."""

from itertools import product
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.core.db import db, transaction
from storefront.orders.gift_links import gift_token
from storefront.orders.gift_models import Gift
from storefront.orders.links import order_token, renew_link
from storefront.orders.lookup import get_order
from tests.owner.orders.looking import look, numbers
from tests.support.databases import BOTH
from tests.support.gifts import give
from tests.support.rows import change_rows
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA
from tests.support.statements import counted

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)
EVE = "eve@example.com"


WITH_CARD = (
    "Visa 1234", "card 1234", "visa ending in 1234", "VISA (1234)", "1234 Visa", "Visa: 1234,", "Visa-1234",
    "Card number: 1234.", "\u2022\u2022\u2022\u2022 1234", "Visa \u2022\u2022\u2022\u2022 1234",
    "**** **** **** 1234",
    "xxxx-xxxx-xxxx-1234", "XX1234", "\u20261234", "...1234", "Mastercard ****1234, expires 12/2026",
    "Nov 30, 2026: card 1234", "Visa mit den Endziffern 1234", "Visa se terminant par 1234",
    "Visa terminada en 1234", "Kreditkarte 1234", "tarjeta 1234", "SEPA-Lastschrift 1234",
    "Order X4242AAA, Visa 1234", "1234 Visa, Nov 30, 2026", "1234 Visa 30 Nov 2026",
    "2026 Visa ending in 1234", "2026 Visa se terminant par 1234", "Visa 1234, Visa 4242",
    "\u25cf\u25cf\u25cf\u25cf 1234",
    "\u2219\u2219\u2219\u2219 1234", "xxxx\u2011xxxx\u2011xxxx\u20111234", "CB 1234", "last4: 1234",
    "cuenta bancaria 1234", "Bancontact 1234", "Bankkonto 1234", "the last four digits 1234",
)  # fmt: skip


def test_reads_the_last_digits_out_of_what_stands_beside_them(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=EVE)
    number = number_of(sell(app, sandbox, email=ADA))
    change_rows(app, "UPDATE orders SET payment_last4 = '1234' WHERE number = :number", number=number)
    for words in WITH_CARD:
        page = look(app, words=words)
        assert (numbers(page), page.is_named) == ([number], True), words


def test_takes_no_other_digits_for_those_of_a_card(app: Flask, sandbox: SandboxClient) -> None:
    number = number_of(sell(app, sandbox, email=ADA))
    change_rows(
        app, "UPDATE orders SET payment_last4 = '2026', name = 'Ada 2026', invoice_number = 'AB12CD34-2026'"
    )
    for words in ("ada 2026", "Invoice AB12CD34-2026"):
        page = look(app, words=words)
        assert (numbers(page), page.is_named) == ([number], False), words
    for words in (
        "Visa 30.11.2026",
        "Visa 12/2026",
        "Visa 2026-11-30",
        "Visa 2026\u201311",
        "card 19,2026",
        "card 12026",
        "Visa A2026",
    ):
        assert numbers(look(app, words=words)) == [], words


AROUND_INVOICE = (
    "{}", "Invoice {}", "invoice no. {}", "Invoice:{}", "Rechnung Nr. {}", "Facture n\u00b0{}",
    "Factura n.\u00ba {}",
    "the invoice of November, #{}, was paid twice by us and we would like some money back",
    "Invoice-{}.pdf", "Invoice {}, Visa 1234",
)  # fmt: skip


def test_reads_an_invoice_number_out_of_what_was_pasted(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=EVE)
    number = number_of(sell(app, sandbox, email=ADA))
    change_rows(app, "UPDATE orders SET invoice_number = 'AB12CD34-0001' WHERE number = :number", number=number)
    written = ("AB12CD34-0001", "ab12cd34-0001", "AB12CD34\u20110001", "AB12CD34\u20130001")
    for around, invoice in product(AROUND_INVOICE, written):
        assert numbers(look(app, words=around.format(invoice))) == [number], (around, invoice)
    for around, invoice in product(AROUND_INVOICE, ("AB12CD34-0002", "AB12CD34", "0001", "XAB12CD34-0001")):
        assert numbers(look(app, words=around.format(invoice))) == [], (around, invoice)


AROUND_LINK = (
    "{}", "{}/receipt.pdf?language=de", "<{}>", "my order: {}.", "https://shop.example/de{}#keys",
    "https://links.example/?url=https%3A%2F%2Fshop.example{quoted}&data=05",
    "https://links.example/?url=https%253A%252F%252Fshop.example{quoted_twice}&data=05|owner@shop.example|",
    "https://shop.example{}?email=ada%40b.example&to=ada@b.example", "kim@example.com https://shop.example{}",
    "{} from kim@example.com", "https://shop.example{broken}", "https://shop.example{broken}\r\nand keys",
    "https://shop.example{soft_broken}\r\nkim@example.com", "https://shop.example{soft_joined}",
)  # fmt: skip


def test_finds_the_order_of_a_page_whose_link_was_pasted(app: Flask, sandbox: SandboxClient) -> None:
    """Also by a link that was replaced: its buyer asks why it opens nothing."""
    sell(app, sandbox, email=EVE)
    sale = sell(app, sandbox, email=ADA)
    with app.app_context():
        with transaction():
            renew_link(get_order(sale.session_id))
        db.session.remove()
    assert sale.buyer.get(sale.link).status_code == 404
    with app.app_context():
        newer = f"/orders/{order_token(get_order(sale.session_id))}"
        db.session.remove()
    assert newer != sale.link
    for around, link in product(AROUND_LINK, (sale.link, newer)):
        page = look(app, words=_put(link, around))
        assert (numbers(page), page.is_named) == ([number_of(sale)], True), (around, link)
    for around, link in product(AROUND_LINK, (f"{newer}0", newer[:-1], f"/orders/{'a' * 32}")):
        assert numbers(look(app, words=_put(link, around))) == [], (around, link)
    change_rows(app, "UPDATE orders SET mode = 'test'")
    assert numbers(look(app, words=newer)) == []


def _put(link: str, around: str) -> str:
    """Put it into a text, as it is or as mail programs change it."""
    once, half = quote(link, safe=""), len(link) // 2
    first, rest = link[:half], link[half:]
    return around.format(
        link,
        quoted=once,
        quoted_twice=quote(once, safe=""),
        broken=f"{first}\r\n{rest}",
        soft_broken=f"{first}=\r\n{rest}",
        soft_joined=f"{first}={rest}",
    )


def test_finds_the_order_of_a_gift_by_its_receivers_link(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=EVE)
    sale = give(app, sandbox, gift_email=ADA)
    with app.app_context():
        order = get_order(sale.session_id)
        link = f"/orders/{gift_token(order, db.session.scalars(select(Gift)).one())}"
        db.session.remove()
    assert link != sale.link
    assert numbers(look(app, words=f"https://shop.example{link}")) == [number_of(sale)]


def test_asks_no_more_of_a_long_text_than_of_a_short_one(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    costs = {"Visa 9999": 5, "Invoice AB12CD34-0001": 4, f"/orders/{'a' * 32}": 5}
    for words, cost in costs.items():
        for text in (words, f"{words} " * 50):
            with counted(app) as statements:
                assert numbers(look(app, words=text)) == []
            assert len(statements) <= cost, (text, statements)
