"""Discounts on a first purchase: for addresses that have bought nothing. The shop checks them and keeps none."""

import html
import json
import re
from typing import Any

import pytest
from flask import Flask

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import db, transaction
from storefront.shop.catalog.models import Product
from storefront.shop.discounts.change import stop_discount
from tests.payments.checkout.buttons import in_cart, press
from tests.support.discounts import discount, uses_of
from tests.support.gifts import FIELDS, ROSA
from tests.support.goods import make_product, set_price
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell, take_free
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, find_price

EVE = "eve@example.com"
COUPON = "SELECT coupon_id, promotion_code_id FROM discount_mirrors"


@pytest.fixture(autouse=True)
def _welcome(app: Flask, sandbox: SandboxClient) -> None:
    discount(app, "WELCOME", first_purchase="yes", most_uses="5")


@pytest.fixture
def filled(buyer: Buyer) -> Buyer:
    buyer.add("twinspot", "Personal")
    buyer.post("/cart/code", code="WELCOME")
    return buyer


def session_of(sandbox: SandboxClient, app: Flask) -> Any:
    newest = "SELECT checkout_session_id FROM checkouts ORDER BY id DESC LIMIT 1"
    return sandbox.stripe.v1.checkout.sessions.retrieve(read_rows(app, newest)[0]["checkout_session_id"])


def begin(buyer: Buyer, email: str) -> str:
    """Press the button; return where it leads."""
    return str(buyer.post("/checkout", nonce=buyer.nonce(), first_email=email).location)


def said(buyer: Buyer) -> str:
    return html.unescape(buyer.get("/cart").text)


def test_is_a_coupon_without_a_code_that_could_be_typed(app: Flask, sandbox: SandboxClient) -> None:
    (row,) = read_rows(app, COUPON)
    coupon = sandbox.stripe.v1.coupons.retrieve(row["coupon_id"])
    assert (row["promotion_code_id"], coupon.percent_off, coupon.max_redemptions) == (None, 20, 5)
    with app.app_context():
        assert stop_discount("WELCOME") == ""
        db.session.remove()
    assert sandbox.stripe.v1.coupons.list().data == []


def test_sells_to_an_address_that_has_bought_nothing(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    take_free(app, sandbox, email=EVE)  # what was free is no purchase
    assert "WELCOME is for a first purchase, so we check this address." in said(filled)
    begin(filled, EVE)
    made = session_of(sandbox, app)
    assert (made.amount_total, made.customer_email, made.allow_promotion_codes) == (1520, EVE, None)
    bodies = [row["body"] for row in read_rows(app, "SELECT body FROM checkouts")]
    assert EVE not in json.dumps(bodies, default=str)  # stored nowhere before there is an order
    sandbox.pay(made.id, email=EVE)
    filled.land(made.id)
    order = read_rows(app, "SELECT discount_code, total_minor FROM orders ORDER BY id DESC LIMIT 1")[0]
    assert (order, uses_of(app, "WELCOME")) == ({"discount_code": "WELCOME", "total_minor": 1520}, 1)


def test_refuses_an_address_that_has_bought(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    sell(app, sandbox, email=ADA)
    for email in (ADA, f" {ADA.upper()} "):
        assert begin(filled, email) == "/cart"
        assert "this address has bought here before" in said(filled)
    filled.post("/cart/code", code="")
    begin(filled, "")
    assert session_of(sandbox, app).amount_total == 1900


@pytest.mark.parametrize("email", ["", "ada", "ada@example", "a" * 300 + "@example.com"])
def test_asks_for_a_whole_address(app: Flask, sandbox: SandboxClient, filled: Buyer, email: str) -> None:
    sandbox.forget_calls()
    assert begin(filled, email) == "/cart"
    assert "Write a whole email address" in said(filled)
    assert sandbox.calls() == []


def test_makes_another_session_for_another_address(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    begin(filled, EVE)
    first = session_of(sandbox, app)
    begin(filled, "eva@example.com")
    second = session_of(sandbox, app)
    assert second.customer_email == "eva@example.com"
    assert sandbox.stripe.v1.checkout.sessions.retrieve(first.id).status == "expired"


def test_is_paid_in_stripes_own_form(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    with app.app_context(), transaction() as session:
        for product in session.query(Product):
            product.checkout_ui = CheckoutUi.ELEMENTS
    begin(filled, EVE)
    assert session_of(sandbox, app).ui_mode == "embedded_page"


def test_keeps_the_address_on_the_way_to_stripes_page(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    with app.app_context(), transaction() as session:
        for product in session.query(Product):
            product.checkout_ui = CheckoutUi.EMBEDDED
    form = begin(filled, EVE)
    for _click in range(2):
        assert filled.post(f"{form}/hosted").status_code == 303
        made = session_of(sandbox, app)
        assert (made.ui_mode, made.amount_total, made.customer_email) == ("hosted_page", 1520, EVE)


def test_leads_from_buy_now_to_the_cart(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    page = html.unescape(buyer.get("/products/twinspot?code=WELCOME").text)
    assert "WELCOME is on." in page
    price_id = find_price(app, "twinspot", "Personal")
    for _click in range(2):  # the second one buys no second thing
        assert buyer.post("/checkout/now", price_id=price_id, nonce="").location == "/cart"
    page = said(buyer)
    assert "Write your email to use it." in page
    assert "$15.20" in page


def test_makes_it_again_without_the_answer_of_the_first_try(
    app: Flask, sandbox: SandboxClient, filled: Buyer
) -> None:
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", drop_after_execution=True, times=2)
    nonce = filled.nonce()
    trouble = filled.post("/checkout", nonce=nonce, first_email=EVE)
    assert (trouble.status_code, f'name="first_email" value="{EVE}"' in trouble.text) == (503, True)
    sandbox.control("faults/clear")
    assert filled.post("/checkout", nonce=nonce, first_email=EVE).status_code == 303
    assert session_of(sandbox, app).amount_total == 1520


@pytest.mark.parametrize("is_cart", [True, False])
def test_asks_who_gives_a_gift_for_the_address_beside_its_words(
    app: Flask, sandbox: SandboxClient, filled: Buyer, is_cart: bool
) -> None:
    price_id = find_price(app, "twinspot", "Personal")
    if not is_cart:
        filled.post("/cart/remove", price_id=price_id)
    path, which = ("/checkout", {}) if is_cart else ("/checkout/now", {"price_id": price_id})
    sell(app, sandbox, email=ADA)
    assert 'name="first_email"' in filled.get("/checkout/gift", query_string=which).text
    for email, why in (({}, "Write a whole email address"), ({"first_email": ADA}, "has bought here before")):
        asked = filled.post(path, **which, **email, **FIELDS)
        assert asked.status_code == 400
        for shown in (why, ROSA, 'name="first_email"', f'action="{path}"', "$15.20"):
            assert shown in html.unescape(asked.text)
    assert filled.post(path, **which, **FIELDS, first_email=EVE).status_code == 303
    made = session_of(sandbox, app)
    assert (made.amount_total, made.customer_email) == (1520, EVE)
    sandbox.pay(made.id, email=EVE)
    assert "A gift for r…@example.net" in filled.land(made.id).text
    assert "Your cart is empty" in said(filled)


def test_adds_nothing_from_buy_now_that_the_cart_holds_at_an_older_price(app: Flask, filled: Buyer) -> None:
    newer = set_price(app, "twinspot", "personal", "usd", 2400)
    filled.post("/checkout/now", price_id=newer, nonce="")
    assert in_cart(filled) == [(str(newer), "1")]


@pytest.mark.parametrize("terms", [{}, {"amounts": "5.00 USD"}])
def test_asks_in_the_currency_that_buy_now_has_shown(app: Flask, buyer: Buyer, terms: dict[str, Any]) -> None:
    """The cart may hold the same edition in another one, and its quantity stays."""
    discount(app, "DOLLARS", first_purchase="yes", **terms)
    in_dollars = find_price(app, "twinspot", "Personal")
    in_euros = set_price(app, "twinspot", "personal", "eur", 1700)
    buyer.post("/cart/add", price_id=in_euros, quantity="2")
    buyer.post("/cart/code", code="DOLLARS")
    buyer.post("/checkout/now", price_id=in_dollars)
    assert in_cart(buyer) == [(str(in_dollars), "2")]
    assert 'name="first_email"' in buyer.get("/cart").text


def test_checks_out_by_enter_in_the_address_where_no_script_runs(
    app: Flask, sandbox: SandboxClient, filled: Buyer
) -> None:
    """Enter presses the first button of the form, which is for quantities."""
    price_id = find_price(app, "twinspot", "Personal")
    sent = {f"quantity-{price_id}": "1", "first_email": EVE}
    on = filled.post("/cart/update", **sent)
    assert (on.status_code, on.location) == (307, "/checkout")
    changed = filled.post("/cart/update", **sent | {f"quantity-{price_id}": "2"})
    assert (changed.status_code, in_cart(filled)) == (303, [(str(price_id), "2")])


def give_now(buyer: Buyer, edition: str, email: str) -> Any:
    """Send the page of a gift of one thing, with the code of the visit."""
    return give_at(buyer, find_price(buyer.app, "twinspot", edition), email)


def give_at(buyer: Buyer, price_id: int, email: str) -> Any:
    page = buyer.get("/checkout/gift", query_string={"price_id": price_id}).text
    fields = dict(re.findall(r'name="(promotion|nonce)" value="([^"]*)"', page))
    return buyer.post(
        "/checkout/now", **fields, **FIELDS | {"price_id": price_id, "first_email": EVE, "gift_email": email}
    )


def sessions_of(sandbox: SandboxClient, app: Flask) -> list[tuple[str, int]]:
    rows = read_rows(app, "SELECT checkout_session_id AS s FROM checkouts WHERE body IS NOT NULL ORDER BY id")
    seen = [sandbox.stripe.v1.checkout.sessions.retrieve(row["s"]) for row in rows]
    return [(str(one.status), int(one.amount_total or 0)) for one in seen]


def test_has_one_open_form_of_a_browser(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    begin(filled, EVE)
    for edition, email in (("Personal", ROSA), ("Personal", "ben@example.net"), ("Team", ROSA)):
        for _click in range(2):
            assert give_now(filled, edition, email).status_code == 303
    assert sessions_of(sandbox, app) == [("expired", 1520), ("expired", 1520), ("open", 6320)]
    begin(filled, EVE)
    assert sessions_of(sandbox, app) == [("open", 1520), ("expired", 1520), ("expired", 6320)]
    paid = session_of_cart(sandbox, app)
    sandbox.pay(paid, email=EVE)
    filled.land(paid)
    assert uses_of(app, "WELCOME") == 1


def session_of_cart(sandbox: SandboxClient, app: Flask) -> str:
    return str(read_rows(app, "SELECT checkout_session_id AS s FROM checkouts WHERE is_from_cart")[0]["s"])


def test_shows_the_first_purchase_that_was_paid_and_takes_no_second(
    app: Flask, sandbox: SandboxClient, filled: Buyer
) -> None:
    """Stripe has the money, and nobody told the shop yet."""
    give_now(filled, "Team", ROSA)
    paid = session_of(sandbox, app).id
    sandbox.pay(paid, email=EVE)
    for _click in range(2):
        assert begin(filled, EVE) == f"/checkout/return?session_id={paid}"
    filled.land(paid)
    assert begin(filled, EVE) == "/cart"
    assert "this address has bought here before" in said(filled)
    assert uses_of(app, "WELCOME") == 1


def test_shows_the_first_purchase_whose_bank_debit_the_shop_has_not_heard_of(
    app: Flask, sandbox: SandboxClient, filled: Buyer
) -> None:
    give_now(filled, "Team", ROSA)
    pending = session_of(sandbox, app).id
    sandbox.pay(pending, payment_method="ach_success", email=EVE)
    for _click in range(2):
        assert begin(filled, EVE) == f"/checkout/return?session_id={pending}"


def test_leaves_forms_without_it_open(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    filled.post("/cart/code", code="")
    press(filled, "twinspot", "Team")
    filled.post("/cart/code", code="WELCOME")
    begin(filled, EVE)
    stranger = Buyer(app)
    stranger.post("/cart/code", code="WELCOME")
    give_now(stranger, "Team", ROSA)
    assert sessions_of(sandbox, app) == [("open", 7900), ("open", 1520), ("open", 6320)]


def closed_in(sandbox: SandboxClient) -> list[str]:
    return [path for _method, path in sandbox.calls() if path.endswith("/expire")]


def test_asks_stripe_once_for_each_form_that_it_closes(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    """What was closed is not closed once more by all that begins later."""
    prices = make_product(app, "shelf", *[(1000, "usd")] * 4)
    calls = []
    for price_id in prices:
        sandbox.forget_calls()
        assert give_at(filled, price_id, ROSA).status_code == 303
        calls.append((len(closed_in(sandbox)), len(sandbox.calls())))
    assert [status for status, _total in sessions_of(sandbox, app)] == ["expired"] * 3 + ["open"]
    assert [closed for closed, _all in calls] == [0, 1, 1, 1]
    assert calls[2] == calls[3]


def test_sells_to_the_next_person_in_a_browser_where_the_first_has_paid(
    app: Flask, sandbox: SandboxClient, filled: Buyer
) -> None:
    """What was paid with such a code is in nobody's way, although its Session has not run out."""
    begin(filled, EVE)
    paid = session_of(sandbox, app).id
    sandbox.pay(paid, email=EVE)
    filled.land(paid)
    filled.add("twinspot", "Team")
    filled.post("/cart/code", code="WELCOME")
    for _click in range(2):
        assert begin(filled, "ben@example.com").startswith("/checkout/")
        assert session_of(sandbox, app).id != paid
    assert [status for status, _total in sessions_of(sandbox, app)] == ["complete", "open"]


def test_leaves_what_has_run_out_alone(app: Flask, sandbox: SandboxClient, filled: Buyer) -> None:
    """Stripe expired it by itself, and may have forgotten it: that stops no sale."""
    begin(filled, EVE)
    change_rows(app, "UPDATE checkouts SET expires_at = '2020-01-01 00:00:00.000000'")
    sandbox.forget_calls()
    assert give_now(filled, "Team", ROSA).status_code == 303
    assert closed_in(sandbox) == []
