"""The same thing once more while an order of it is not paid: the page says what is true of that order."""

import html
import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.payments.checkout.buttons import count_sessions, press, send
from tests.support.gifts import FIELDS, begin_gift, give
from tests.support.goods import set_price
from tests.support.letters import words_of
from tests.support.prices import price_in
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, make_event, post_event
from tests.support.sign_in import signed_in
from tests.support.upgrades import allow_upgrade, start_upgrade

NO_NEED = "There's no need to pay"


def order_with(app: Flask, sandbox: SandboxClient, method: str, **gift: str) -> Buyer:
    """Place an order that is not paid yet, and put the same thing into the cart."""
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    session_id = begin_gift(buyer, **gift) if gift else buyer.check_out()
    sandbox.pay(session_id, payment_method=method, email=ADA)
    buyer.land(session_id)
    buyer.add("twinspot", "Personal")
    return buyer


def ask(buyer: Buyer, **fields: str) -> tuple[int, str]:
    answer = buyer.post("/checkout", nonce=buyer.nonce(), **fields)
    return answer.status_code, words_of(answer.text)


def test_says_that_a_voucher_is_still_to_be_paid(app: Flask, sandbox: SandboxClient) -> None:
    price_in(app, "brl", 1900)
    status, said = ask(order_with(app, sandbox, "boleto"))
    assert (status, "Your voucher is waiting" in said, "Pay this voucher until" in said) == (200, True, True)
    assert "isn't paid yet" in said
    for untrue in ("waiting for your bank", NO_NEED, "already ordered"):
        assert untrue not in said
    in_orders = words_of(signed_in(app).get("/library/orders").text)
    assert "This order isn't paid yet." in in_orders
    assert "waiting for your bank" not in in_orders


def test_says_that_a_bank_debit_needs_nothing(app: Flask, sandbox: SandboxClient) -> None:
    status, said = ask(order_with(app, sandbox, "ach_success"))
    assert (status, "You already ordered this" in said, NO_NEED in said) == (200, True, True)


def test_takes_no_pending_gift_for_what_its_giver_buys_for_themselves(app: Flask, sandbox: SandboxClient) -> None:
    buyer = give(app, sandbox, how={"payment_method": "ach_success"}).buyer
    buyer.add("twinspot", "Personal")
    assert ask(buyer)[0] == 303


def test_takes_no_pending_order_for_a_gift(app: Flask, sandbox: SandboxClient) -> None:
    assert ask(order_with(app, sandbox, "ach_success"), **FIELDS)[0] == 303


def test_asks_of_a_second_gift_and_promises_its_giver_no_keys(app: Flask, sandbox: SandboxClient) -> None:
    buyer = give(app, sandbox, how={"payment_method": "ach_success"}).buyer
    buyer.add("twinspot", "Personal")
    status, said = ask(buyer, **FIELDS)
    assert (status, "Once the payment arrives, we send the gift." in said) == (200, True)
    assert "you get everything" not in said


@pytest.mark.parametrize("currency", ["usd", "eur"])
def test_asks_at_another_price_and_in_another_currency(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, currency: str
) -> None:
    session_id = buyer.session_on(buyer.get(press(buyer).location))
    sandbox.pay(session_id, payment_method="ach_success")
    buyer.land(session_id)
    newer = set_price(app, "twinspot", "personal", currency, 2500)
    assert NO_NEED in words_of(press(buyer, price_id=newer).text)
    assert press(buyer, "twinspot", "Team").status_code == 303
    assert press(buyer, price_id=newer, again="1").status_code == 303


def test_takes_no_pending_upgrade_for_its_edition(app: Flask, sandbox: SandboxClient) -> None:
    """It is for one license. Who buys the edition gets another one."""
    allow_upgrade(app)
    sale = sell(app, sandbox)
    session_id = start_upgrade(sale)
    sandbox.pay(session_id, payment_method="ach_success")
    sale.buyer.land(session_id)
    assert press(sale.buyer, "twinspot", "Team").status_code == 303


def send_form_of(buyer: Buyer, answer: TestResponse, **typed: str) -> TestResponse:
    """Press the button of the page that begins once more."""
    (form,) = re.findall(r'<form[^>]* action="[^"]*/checkout(?:/now)?".*?</form>', answer.text, re.DOTALL)
    action = re.search(r'action="([^"]+)"', form)
    assert action
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return send(buyer, action[1], **{name: html.unescape(value) for name, value in fields} | typed)


@pytest.mark.parametrize("is_from_cart", [True, False])
def test_asks_no_more_where_stripe_was_out_after_the_answer(
    app: Flask, sandbox: SandboxClient, *, is_from_cart: bool
) -> None:
    buyer = order_with(app, sandbox, "ach_success")
    asked = buyer.post("/checkout", nonce=buyer.nonce()) if is_from_cart else press(buyer)
    assert NO_NEED in words_of(asked.text)
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", times=8, status=503)
    answer = send_form_of(buyer, asked)
    for _try in range(8):
        if answer.status_code != 503:
            break
        assert "You haven't been charged" in words_of(answer.text)
        answer = send_form_of(buyer, answer)
    assert answer.status_code == 303
    assert buyer.session_on(buyer.get(answer.location))
    assert count_sessions(sandbox) == 2


# Stripe knows of the debit, and its event has not come: the question is the same.


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize("quantity", ["1", "2"])
def test_asks_of_a_bank_debit_whoever_is_faster(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, quantity: str, *, is_told: bool
) -> None:
    session_id = buyer.session_on(buyer.get(press(buyer).location))
    sandbox.pay(session_id, payment_method="ach_success")
    if is_told:
        post_event(app, make_event("checkout.session.completed", session_id))
    for _click in range(2):
        asked = press(buyer, quantity=quantity)
        assert (asked.status_code, NO_NEED in words_of(asked.text)) == (200, True)
    assert count_sessions(sandbox) == 1
    answer = send_form_of(buyer, asked)
    assert answer.status_code == 303
    assert buyer.session_on(buyer.get(answer.location)) != session_id


@pytest.mark.parametrize(
    ("is_from_cart", "is_told", "words"),
    [
        (False, False, {}),
        (True, True, {}),
        (False, True, {"gift_message": "Another"}),
        (True, False, {"gift_message": "Another"}),
        (False, False, {"gift_email": "ben@example.net"}),
        (True, True, {"gift_email": "ben@example.net"}),
    ],
)
def test_asks_of_a_gift_by_bank_debit_whoever_is_faster(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, words: dict[str, str], *, is_from_cart: bool, is_told: bool
) -> None:
    buyer.add("twinspot", "Personal")
    session_id = buyer.session_on(buyer.get(send_gift(buyer, is_from_cart=is_from_cart).location))
    sandbox.pay(session_id, payment_method="ach_success")
    if is_told:
        post_event(app, make_event("checkout.session.completed", session_id))
    asked = send_gift(buyer, is_from_cart=is_from_cart, **words)
    assert "There's no need to pay for it again." in words_of(asked.text)
    assert "Show my pending order" in words_of(asked.text)
    answer = send_form_of(buyer, asked)
    assert buyer.session_on(buyer.get(answer.location)) != session_id


def send_gift(buyer: Buyer, *, is_from_cart: bool, **words: str) -> TestResponse:
    if is_from_cart:
        return buyer.post("/checkout", nonce=buyer.nonce(), **FIELDS | words)
    return press(buyer, **FIELDS | words)


def test_leads_to_the_page_of_a_debit_that_failed_before_the_shop_heard_of_it(
    buyer: Buyer, sandbox: SandboxClient
) -> None:
    session_id = buyer.session_on(buyer.get(press(buyer).location))
    sandbox.pay(session_id, payment_method="ach_success")
    sandbox.settle(str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent), "failed")
    answer = press(buyer)
    assert answer.location == f"/checkout/return?session_id={session_id}"
    assert "The payment didn't go through" in words_of(buyer.get(answer.location).text)
    assert buyer.session_on(buyer.get(press(buyer).location)) != session_id


@pytest.mark.parametrize("is_from_cart", [True, False])
def test_asks_no_more_where_the_page_of_the_gift_refused_the_answer(
    app: Flask, sandbox: SandboxClient, *, is_from_cart: bool
) -> None:
    buyer = order_with(app, sandbox, "ach_success", **FIELDS)
    asked = send_gift(buyer, is_from_cart=is_from_cart)
    assert "There's no need to pay for it again." in words_of(asked.text)
    refused = send_form_of(buyer, asked, gift_email="rosa")
    assert refused.status_code == 400
    again = send_form_of(buyer, refused, gift_email="rosa")  # refused twice
    assert again.status_code == 400
    answer = send_form_of(buyer, again, gift_email="rosa@example.net", gift_from="Ada")
    assert answer.status_code == 303
    assert buyer.session_on(buyer.get(answer.location))


def test_leads_from_the_form_of_a_bank_debit_to_its_page(buyer: Buyer, sandbox: SandboxClient) -> None:
    """It is no form that has expired, and no other one begins in its place."""
    form = press(buyer).location
    session_id = buyer.session_on(buyer.get(form))
    sandbox.pay(session_id, payment_method="ach_success")
    for answer in (buyer.get(form), buyer.post(f"{form}/hosted")):
        assert answer.location == f"/checkout/return?session_id={session_id}"
    assert count_sessions(sandbox) == 1
