"""A checkout that cannot start: what is said of the cart, and where the way back leads."""

from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.payments.checkout.buttons import in_cart, press
from tests.support.gifts import FIELDS
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price
from tests.support.upgrades import allow_upgrade, offers_on

CART_IS_SAFE = "You haven't been charged, and your cart is safe."
NEWEST = "SELECT token FROM checkouts ORDER BY id DESC LIMIT 1"
ONE_THING = ["buy now", "gift"]


def begin(app: Flask, buyer: Buyer, way: str) -> TestResponse:
    if way == "buy now":
        return press(buyer)
    price_id = find_price(app, "twinspot", "Personal")
    if way == "gift":
        return buyer.post("/checkout/now", price_id=price_id, **FIELDS)
    buyer.add("twinspot", "Personal")
    return buyer.post("/checkout", **(FIELDS if way == "gift of a cart" else {}))


def back_of(app: Flask, way: str) -> str:
    price_id = find_price(app, "twinspot", "Personal")
    one_thing = {
        "buy now": f'href="/products/twinspot?edition={price_id}">Back to the product</a>',
        "gift": f'href="/checkout/gift?price_id={price_id}">Back to the gift</a>',
        "gift of a cart": 'href="/checkout/gift">Back to the gift</a>',
    }
    return one_thing.get(way, 'href="/cart">Back to your cart</a>')


def main_of(answer: TestResponse) -> str:
    return unescape(answer.text.split("<main")[1].split("</main>")[0])


@pytest.mark.parametrize("way", ["cart", "gift of a cart", *ONE_THING])
@pytest.mark.parametrize("status", [400, 503], ids=["refused", "away"])
def test_leads_back_to_where_it_began_whatever_lies_in_the_cart(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, way: str, status: int
) -> None:
    buyer.add("soft-taps", "", 3)
    buyer.get("/cart")
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", status=status, times=99)
    for _ in range(2):
        answer = begin(app, buyer, way)
        assert answer.status_code >= 400
        main = main_of(answer)
        assert "You haven't been charged" in main
        assert (CART_IS_SAFE in main) is (way == "cart")
        assert back_of(app, way) in main
        assert ("/cart" in main) is (way == "cart")
        assert ("Try again" in main) is (status == 503)
        assert in_cart(buyer)


@pytest.mark.parametrize("way", ["cart", "gift of a cart", *ONE_THING])
def test_leads_back_from_the_page_of_a_checkout_too(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, way: str
) -> None:
    buyer.add("soft-taps", "", 3)
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", status=503, times=99)
    begin(app, buyer, way)
    [row] = read_rows(app, NEWEST)
    main = main_of(buyer.get(f"/checkout/{row['token']}"))
    assert f'href="/checkout/{row["token"]}"' in main
    assert back_of(app, way) in main
    assert (CART_IS_SAFE in main) is (way == "cart")


def test_leads_back_to_the_order_that_was_to_be_upgraded(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox, ("twinspot", "Personal"))
    sale.buyer.add("soft-taps", "", 3)
    [offer] = offers_on(sale.buyer.get(sale.link).text)
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", status=503, times=99)
    sale.buyer.post(offer.action, amount_minor=offer.amount_minor)
    [row] = read_rows(app, NEWEST)
    main = main_of(sale.buyer.get(f"/checkout/{row['token']}"))
    assert 'href="/checkout/upgrade">Back to the order</a>' in main
    assert "cart" not in main


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "Zurück zum Geschenk"), ("fr", "Retour au cadeau"), ("es", "Volver al regalo")],
)
def test_says_so_in_the_language_of_the_page(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, language: str, words: str
) -> None:
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", status=400, times=99)
    price_id = find_price(app, "twinspot", "Personal")
    main = main_of(buyer.post(f"/{language}/checkout/now", price_id=price_id, **FIELDS))
    assert f'href="/{language}/checkout/gift?price_id={price_id}">{words}</a>' in main
