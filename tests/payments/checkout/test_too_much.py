"""More than one payment can be: said in the shop before Stripe is asked, with what helps."""

from html import unescape

import pytest
from flask import Flask

from tests.payments.buy.frames import Frame, allow
from tests.payments.checkout.buttons import count_sessions, in_cart, press
from tests.support.discounts import discount
from tests.support.goods import change_price, change_product
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price
from tests.support.upgrades import allow_upgrade, offers_on

SAID = "One payment can be at most $999,999.99. Choose a smaller quantity, or buy in several orders."
SESSIONS = "/v1/checkout/sessions"
GIFT = {"is_gift": "1", "gift_email": "eve@example.com", "gift_from": "Ada", "gift_message": "For you"}


@pytest.fixture(autouse=True)
def _costs_half_of_it(app: Flask) -> None:
    change_price(app, find_price(app, "twinspot"), amount_minor=49_999_999)


def assert_asked_nobody(app: Flask, sandbox: SandboxClient) -> None:
    assert sandbox.calls(SESSIONS) == []
    assert read_rows(app, "SELECT id FROM checkouts") == []


def test_says_on_the_page_of_the_cart_how_much_can_be_paid(buyer: Buyer, sandbox: SandboxClient) -> None:
    price_id = buyer.add("twinspot", quantity=2)
    assert SAID not in buyer.get("/cart").text
    buyer.post("/cart/update", **{f"quantity-{price_id}": "3"})
    assert SAID in buyer.get("/cart").text
    assert buyer.post("/checkout").location == "/cart"
    page = buyer.get("/cart").text
    assert page.count(SAID) == 1
    assert in_cart(buyer) == [(str(price_id), "3")]
    assert_asked_nobody(buyer.app, sandbox)
    answer = buyer.post("/checkout", **{f"quantity-{price_id}": "2"})
    session_id = buyer.session_on(buyer.get(answer.location))
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).amount_total == 99_999_998


@pytest.mark.parametrize(
    ("language", "most", "less"),
    [
        ("de", "Eine Zahlung kann höchstens 999.999,99", "Wählen Sie eine kleinere Menge"),
        ("fr", "lever à 999", "Choisissez une quantité plus petite"),
        ("es", "Un pago puede ser de 999", "Elija una cantidad menor"),
    ],
)
def test_says_it_in_the_buyers_language(buyer: Buyer, language: str, most: str, less: str) -> None:
    buyer.add("twinspot", quantity=3)
    page = unescape(buyer.get(f"/{language}/cart").text)
    assert (most in page, less in page) == (True, True)


def test_counts_what_a_code_takes_off(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    discount(app, percent="50")
    buyer.get("/?code=SPRING")
    buyer.add("twinspot", quantity=4)
    assert SAID not in buyer.get("/cart").text
    assert sandbox.stripe.v1.checkout.sessions.retrieve(buyer.check_out()).amount_total == 99_999_998


def test_says_it_on_the_page_of_what_is_bought_at_once(buyer: Buyer, sandbox: SandboxClient) -> None:
    answer = press(buyer, quantity="3")
    assert answer.location.startswith("/products/twinspot")
    assert SAID in buyer.get(answer.location).text
    assert_asked_nobody(buyer.app, sandbox)


def test_says_it_on_the_page_of_a_gift_and_keeps_its_words(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("twinspot", quantity=3)
    page = buyer.post("/checkout", **GIFT)
    assert (page.status_code, SAID in page.text, GIFT["gift_email"] in page.text) == (400, True, True)
    assert_asked_nobody(buyer.app, sandbox)


def test_refuses_a_link_that_asks_for_too_much(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    page = buyer.get("/buy/twinspot?quantity=3")
    assert (page.status_code, SAID in page.text, "Buy one" in page.text) == (404, True, True)
    discount(app, percent="50")
    assert buyer.get("/buy/twinspot?quantity=4&code=SPRING").status_code == 200
    assert_asked_nobody(app, sandbox)


def test_refuses_it_in_a_frame(app: Flask, sandbox: SandboxClient) -> None:
    allow(app)
    frame = Frame(app)
    assert SAID in frame.look("/buy/twinspot?quantity=3").text
    start = frame.look("/buy/twinspot?quantity=2")
    change_price(app, find_price(app, "twinspot"), amount_minor=99_999_999)
    answer = frame.send(start)
    assert answer.status_code == 303
    assert "/buy/twinspot/frame" in answer.location
    assert_asked_nobody(app, sandbox)


def test_refuses_an_upgrade_that_nobody_can_pay(app: Flask, sandbox: SandboxClient) -> None:
    change_price(app, find_price(app, "twinspot"), amount_minor=100)
    change_product(app, "twinspot", one_key_per_order_item=True)
    allow_upgrade(app)
    sale = sell(app, sandbox, *[("twinspot", "Personal")] * 3)
    change_price(app, find_price(app, "twinspot", "Team"), amount_minor=49_999_999)
    (offer,) = offers_on(sale.buyer.get(sale.link).text)
    before = count_sessions(sandbox)
    answer = sale.buyer.post(offer.action, amount_minor=offer.amount_minor)
    page = sale.buyer.get(answer.location).text
    assert "One payment can be at most $999,999.99." in page
    assert "Choose a smaller quantity" not in page
    assert count_sessions(sandbox) == before
