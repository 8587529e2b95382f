"""Links that carry a code: what a visitor sees of it, what is remembered, and what it costs."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.shop.discounts.change import stop_discount
from tests.support.discounts import discount, words
from tests.support.rows import change_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.statements import counted

KEPT = "s-maxage=60"


@pytest.fixture(autouse=True)
def _spring(app: Flask, sandbox: SandboxClient) -> None:
    discount(app)


def test_shows_the_price_with_the_code_of_the_link(buyer: Buyer) -> None:
    page = words(buyer.get("/products/twinspot?code=spring").text)
    assert "SPRING is on. You get 20% off." in page
    assert "Was $19.00 $15.20 with SPRING" in page
    assert "Was $19.00 $15.20 with SPRING" in words(buyer.get("/products/twinspot").text)  # for the visit
    front = words(buyer.get("/").text)
    assert "SPRING is on. You get 20% off." in front
    assert "$15.20 with SPRING" in front


def test_promises_a_key_by_email_alone_where_the_code_makes_it_free(app: Flask, buyer: Buyer) -> None:
    assert "delivered instantly" in buyer.get("/products/twinspot?code=SPRING").text
    discount(app, "GIFT", percent="100")
    assert "License key delivered by email" in buyer.get("/products/twinspot?code=GIFT").text


def test_takes_the_code_off_again_and_leads_back(buyer: Buyer) -> None:
    buyer.get("/products/twinspot?code=SPRING")
    assert buyer.post("/cart/code", code="", page="/products/twinspot").location == "/products/twinspot"
    page = words(buyer.get("/products/twinspot").text)
    assert "with SPRING" not in page
    assert "The code is off." in page
    for page in ("/", "/de/", "/de/products/twinspot"):
        assert buyer.post("/cart/code", code="", page=page).location == page
    evil = ("https://evil.example", "//evil.example", "/de//evil.example", "/xx/", "/products/../admin", "/cart\n")
    for page in evil:
        assert buyer.post("/cart/code", code="", page=page).location == "/cart"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("NOTHING", "We don't know the code NOTHING."),
        ("<b>pay%20here", "We don't know this code."),
        ("A" * 200, "We don't know this code."),
    ],
)
def test_says_that_it_does_not_know_a_code_and_keeps_nothing(buyer: Buyer, code: str, said: str) -> None:
    for path in ("/", "/products/twinspot", "/cart"):
        answer = buyer.get(f"{path}?code={code}")
        assert (answer.status_code, said in words(answer.text)) == (200, True)
        assert "Set-Cookie" not in answer.headers
        assert "$19.00" in answer.text or path == "/cart"


def test_leaves_the_pages_of_everybody_alone(app: Flask, buyer: Buyer) -> None:
    plain = buyer.get("/").text
    linked = Buyer(app)
    assert "Cookie" in linked.get("/?code=SPRING").headers["Vary"]
    assert KEPT not in linked.get("/?code=SPRING").headers["Cache-Control"]
    assert KEPT in Buyer(app).get("/?code=NOTHING").headers["Cache-Control"]  # at its own address
    answer = Buyer(app).get("/")
    assert answer.text == plain
    assert KEPT in answer.headers["Cache-Control"]


def test_costs_one_statement_more(app: Flask) -> None:
    stranger = Buyer(app)
    stranger.get("/products/twinspot")
    with counted(app) as without:
        stranger.get("/products/twinspot?source=news")
    with counted(app) as unknown:
        stranger.get("/products/twinspot?code=NOTHING")
    with counted(app) as known:
        stranger.get("/products/twinspot?code=SPRING")
    assert (len(unknown), len(known)) == (len(without) + 1, len(without) + 1)
    with counted(app) as impossible:
        Buyer(app).get("/products/twinspot?code=%20!%20")
    assert len(impossible) == len(without)


def test_lets_nobody_guess_for_long(app: Flask) -> None:
    guesser = Buyer(app, address="203.0.113.7")
    for number in range(10):
        assert "We don't know" in guesser.get(f"/?code=GUESS{number}").text.replace("&#39;", "'")
    for code in ("GUESS10", "SPRING"):
        answer = guesser.get(f"/?code={code}")
        assert "Too many attempts." in answer.text
        assert KEPT not in answer.headers["Cache-Control"]  # it is this visitor's alone
    assert "SPRING is on" in Buyer(app, address="203.0.113.99").get("/?code=SPRING").text


def test_says_what_has_ended_and_forgets_it(app: Flask, buyer: Buyer) -> None:
    buyer.get("/?code=SPRING")
    with app.app_context():
        stop_discount("SPRING")
        db.session.remove()
    assert "SPRING has expired." in buyer.get("/products/twinspot").text
    assert "SPRING" not in buyer.get("/products/twinspot").text
    assert "SPRING has expired." in Buyer(app).get("/?code=SPRING").text


def test_says_what_is_not_valid_yet(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    discount(app, "SUMMER", starts=f"{clock.now() + timedelta(days=2):%Y-%m-%d}")
    assert "SUMMER isn&#39;t valid yet." in buyer.get("/?code=SUMMER").text
    with time_machine.travel(clock.now() + timedelta(days=3)):
        assert "SUMMER is on" in Buyer(app).get("/?code=SUMMER").text


def test_says_why_it_is_not_for_a_product(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    discount(app, "TAPS", products=("soft-taps",))
    assert "TAPS is for other products." in buyer.get("/products/twinspot?code=TAPS").text
    discount(app, "BIG", minimum="500.00 USD")
    assert "BIG is for orders of $500.00 or more." in buyer.get("/products/twinspot?code=BIG").text


def test_is_off_the_total_of_the_cart(buyer: Buyer) -> None:
    assert "SPRING is on." in words(buyer.get("/cart?code=SPRING").text)  # which is empty
    buyer.post("/cart/code", code="")
    buyer.add("twinspot", "Personal", quantity=2)
    assert "Have a discount code?" in buyer.get("/cart").text
    buyer.post("/cart/code", code=" spring ")
    page = words(buyer.get("/cart").text)
    assert "Subtotal$38.00" in page.replace(" ", "")
    assert "SPRING\N{MINUS SIGN}$7.60" in page.replace(" ", "")
    assert "Total$30.40" in page.replace(" ", "")
    assert "Have a discount code?" not in page
    buyer.post("/cart/code", code="")
    assert "Total$38.00" in words(buyer.get("/cart").text).replace(" ", "")


def test_says_in_the_cart_that_other_codes_may_be_typed_at_checkout(buyer: Buyer) -> None:
    buyer.add("twinspot", "Personal")
    buyer.post("/cart/code", code="BYHAND")
    page = words(buyer.get("/cart").text)
    assert "We don't know the code BYHAND. Some codes can only be typed at checkout." in page


def test_is_used_up_after_its_last_use(app: Flask, buyer: Buyer) -> None:
    change_rows(app, "UPDATE discounts SET most_uses = 1", "UPDATE discount_mirrors SET uses = 1")
    assert "SPRING has been used up." in buyer.get("/?code=SPRING").text


def test_says_which_code_counts_where_the_link_has_another_that_does_not(buyer: Buyer) -> None:
    buyer.get("/?code=SPRING")
    buyer.add("twinspot", "Personal")
    for path in ("/", "/products/twinspot", "/cart"):
        page = words(buyer.get(f"{path}?code=BAD").text)
        assert "We don't know the code BAD. SPRING stays on." in page
        assert "$15.20" in page
    assert "stays on" not in words(buyer.get("/cart").text)
