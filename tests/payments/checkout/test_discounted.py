"""A checkout with a code: the Session has the discount, or the buyer reads why not before paying."""

import html
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.export import export_address
from storefront.core import clock
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import db, transaction
from storefront.shop.catalog.models import Product
from storefront.shop.discounts.change import stop_discount
from tests.support.discounts import codes_at_stripe, discount, uses_of
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, find_price

NEWEST = "SELECT checkout_session_id, discount_id FROM checkouts ORDER BY id DESC LIMIT 1"


@pytest.fixture(autouse=True)
def _spring(app: Flask, sandbox: SandboxClient) -> None:
    discount(app)


def session_of(sandbox: SandboxClient, session_id: str) -> Any:
    return sandbox.stripe.v1.checkout.sessions.retrieve(session_id)


def begun(buyer: Buyer) -> str:
    """Press the cart's button; return the Session's id, wherever that leads."""
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 303
    return str(read_rows(buyer.app, NEWEST)[0]["checkout_session_id"])


def filled(buyer: Buyer, code: str = "SPRING") -> Buyer:
    buyer.add("twinspot", "Personal")
    if code:
        buyer.post("/cart/code", code=code)
    return buyer


def refused_checkout(buyer: Buyer) -> str:
    """Press the button; return what the page says that it leads back to."""
    answer = buyer.post("/checkout", nonce=buyer.nonce())
    assert (answer.status_code, answer.location) == (303, "/cart")
    return html.unescape(buyer.get("/cart").text)


@pytest.mark.parametrize("ui", CheckoutUi)
def test_is_made_with_the_discount_on_every_form(
    app: Flask, sandbox: SandboxClient, buyer: Buyer, ui: CheckoutUi
) -> None:
    with app.app_context(), transaction() as session:
        for product in session.query(Product):
            product.checkout_ui = ui
    session_id = begun(filled(buyer))
    made = session_of(sandbox, session_id)
    (code,) = codes_at_stripe(sandbox)
    assert [used.promotion_code for used in made.discounts] == [code.id]
    assert (made.amount_total, made.allow_promotion_codes) == (1520, None)
    sandbox.pay(session_id)
    buyer.land(session_id)
    assert read_rows(app, "SELECT discount_code, total_minor FROM orders") == [
        {"discount_code": "SPRING", "total_minor": 1520}
    ]
    assert uses_of(app) == 1


def test_shows_it_beside_the_shops_own_form(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    with app.app_context(), transaction() as session:
        for product in session.query(Product):
            product.checkout_ui = CheckoutUi.ELEMENTS
    answer = filled(buyer).post("/checkout", nonce=buyer.nonce())
    page = buyer.get(answer.location).text
    assert "data-has-own-code" in page
    for amount in ("$19.00", "$3.80", "$15.20"):
        assert amount in page


def test_is_bought_at_once_with_the_code_of_a_link(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    buyer.get("/products/twinspot?code=spring")
    price_id = find_price(app, "twinspot", "Personal")
    assert buyer.post("/checkout/now", price_id=price_id, nonce="").status_code == 303
    session_id = read_rows(app, NEWEST)[0]["checkout_session_id"]
    assert session_of(sandbox, session_id).amount_total == 1520


def test_takes_codes_at_stripe_where_the_visit_has_none(sandbox: SandboxClient, buyer: Buyer) -> None:
    made = session_of(sandbox, begun(filled(buyer, code="")))
    assert (made.allow_promotion_codes, made.discounts) == (True, [])


def test_is_another_session_with_another_code_or_none(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    first = begun(filled(buyer))
    assert begun(buyer) == first
    discount(app, "HALF", percent="50")
    buyer.post("/cart/code", code="HALF")
    second = begun(buyer)
    buyer.post("/cart/code", code="")
    third = begun(buyer)
    totals = [session_of(sandbox, session_id).amount_total for session_id in (first, second, third)]
    assert totals == [1520, 950, 1900]
    assert [session_of(sandbox, one).status for one in (first, second, third)] == ["expired", "expired", "open"]


def test_says_what_ended_since_the_cart_was_shown(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    filled(buyer)
    form = {"nonce": buyer.nonce(), "csrf_token": buyer.csrf_token()}
    with app.app_context():
        stop_discount("SPRING")
        db.session.remove()
    sandbox.forget_calls()
    assert buyer.client.post("/checkout", data=form, base_url=buyer.base_url).location == "/cart"
    assert "SPRING has expired." in buyer.get("/cart").text
    assert sandbox.calls() == []
    assert session_of(sandbox, begun(buyer)).amount_total == 1900


@pytest.mark.parametrize(("how", "then"), [("switched off", (1900, 0)), ("lost", (1520, 1))])
def test_goes_on_without_what_stripe_refuses(
    app: Flask, sandbox: SandboxClient, buyer: Buyer, how: str, then: tuple[int, int]
) -> None:
    """The next buyer has one that was lost. One that somebody switched off is promised to nobody."""
    filled(buyer)
    (code,) = codes_at_stripe(sandbox)
    if how == "lost":
        change_rows(app, "UPDATE discount_mirrors SET promotion_code_id = 'promo_of_another_account'")
    else:
        sandbox.stripe.v1.promotion_codes.update(code.id, {"active": False})
    page = refused_checkout(buyer)
    assert "SPRING can't be used for this order. Nothing was charged." in page
    assert "with SPRING" not in page
    made = session_of(sandbox, begun(buyer))
    assert (made.amount_total, made.allow_promotion_codes) == (1900, True)
    next_total = session_of(sandbox, begun(filled(Buyer(app)))).amount_total
    assert (next_total, sum(code.active for code in codes_at_stripe(sandbox))) == then


def test_goes_on_where_stripe_does_not_say_what_is_wrong(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    filled(buyer)
    (code,) = codes_at_stripe(sandbox)
    sandbox.stripe.v1.promotion_codes.update(code.id, {"active": False})
    sandbox.control("faults", method="GET", path="/v1/promotion_codes/*", status=503, times=3)
    assert "SPRING can't be used for this order." in refused_checkout(buyer)
    sandbox.control("faults/clear")
    assert session_of(sandbox, begun(buyer)).amount_total == 1900


def test_sells_the_last_use_to_one_and_says_so_to_the_other(app: Flask, sandbox: SandboxClient) -> None:
    discount(app, "LAST", most_uses="1")
    first, second, third = (filled(Buyer(app), "LAST") for _ in range(3))
    session_id = begun(first)
    sandbox.pay(session_id)  # and no page was seen, no event came
    page = refused_checkout(second)
    assert "LAST can't be used for this order." in page
    first.land(session_id)
    assert "LAST has been used up." in html.unescape(third.get("/cart").text)
    assert (uses_of(app, "LAST"), session_of(sandbox, begun(second)).amount_total) == (1, 1900)


def test_shows_the_truth_where_two_were_on_the_form_with_the_last_use(app: Flask, sandbox: SandboxClient) -> None:
    discount(app, "LAST", most_uses="1")
    buyers = [filled(Buyer(app), "LAST") for _ in range(2)]
    sessions = [begun(buyer) for buyer in buyers]
    for buyer, session_id in zip(buyers, sessions, strict=True):
        sandbox.pay(session_id)
        buyer.land(session_id)
    (code,) = codes_at_stripe(sandbox, "LAST")
    assert uses_of(app, "LAST") == code.times_redeemed == 2


def test_loses_nothing_when_stripe_does_not_answer(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    change_rows(app, "DELETE FROM discount_mirrors")
    filled(buyer)
    sandbox.control("faults", method="POST", path="/v1/coupons", status=503, times=2)
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 503
    sandbox.control("faults/clear")
    assert session_of(sandbox, begun(buyer)).amount_total == 1520


def test_ends_with_its_discount(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    ends = clock.now().replace(second=0) + timedelta(hours=2)
    discount(app, "TODAY", ends=f"{ends:%Y-%m-%d %H:%M}")
    assert session_of(sandbox, begun(filled(buyer, "TODAY"))).expires_at == int(ends.timestamp())


def test_is_refunded_as_any_other(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, promotion_code="SPRING", email=ADA)
    assert "Discount (SPRING)" in sale.order_page()
    sale.refund()
    sale.deliver("charge.")
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1520}]
    assert uses_of(app) == 1
    with app.app_context():
        (order,) = export_address(ADA)["orders"]
        db.session.remove()
    assert (order["discount"], order["discount_code"], order["total"]) == ("$3.80", "SPRING", "$15.20")


def test_is_free_with_all_of_it_off(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    discount(app, "GIFT", percent="100")
    session_id = begun(filled(buyer, "GIFT"))
    assert session_of(sandbox, session_id).amount_total == 0
    sandbox.pay(session_id, payment_method=None)
    buyer.land(session_id)
    assert uses_of(app, "GIFT") == 1


def test_charges_the_products_of_the_cart_that_it_is_for(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    discount(app, "TAPS", products=("soft-taps",))
    buyer.add("soft-taps")
    filled(buyer, "TAPS")
    off = next(line for line in html.unescape(buyer.get("/cart").text).splitlines() if "<dt>TAPS</dt>" in line)
    made = session_of(sandbox, begun(buyer))
    assert f"${made.total_details.amount_discount / 100:.2f}" in off
    assert made.total_details.amount_discount == 0.2 * (made.amount_subtotal - 1900)
