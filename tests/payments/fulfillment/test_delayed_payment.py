"""Bank debits: an order that waits, is paid or fails later; whatever comes first."""

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.orders.models import Grant, Order
from storefront.payments.webhook.dispatch import run_unhandled
from tests.support.databases import BOTH
from tests.support.rows import count_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop, keys_on, make_event, post_event

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def waiting(buyer: Buyer, sandbox: SandboxClient) -> str:
    """A Session completed with a bank debit that has not settled."""
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id, payment_method="ach_success")
    return session_id


def payment_of(app: Flask) -> str:
    return str(read_rows(app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"])


@both
def test_grants_nothing_while_the_bank_has_not_answered(waiting: str, buyer: Buyer, app: Flask) -> None:
    page = buyer.land(waiting)
    assert page.status_code == 200
    assert keys_on(page.text) == []
    assert buyer.state(waiting) == "awaiting_payment"
    assert count_rows(app, Order, Grant) == {"orders": 1, "grants": 0}
    assert [row["kind"] for row in read_rows(app, "SELECT kind FROM outbox")] == ["waiting_for_bank"]


@both
def test_grants_when_the_money_arrives(waiting: str, buyer: Buyer, app: Flask, sandbox: SandboxClient) -> None:
    buyer.land(waiting)
    sandbox.settle(payment_of(app))
    assert post_event(app, make_event("checkout.session.async_payment_succeeded", waiting)).get_json() == {
        "outcome": "fulfilled"
    }
    assert len(keys_on(buyer.land(waiting).text)) == 1


@both
def test_says_so_when_the_bank_refuses(waiting: str, buyer: Buyer, app: Flask, sandbox: SandboxClient) -> None:
    buyer.land(waiting)
    sandbox.settle(payment_of(app), "failed")
    answer = post_event(app, make_event("checkout.session.async_payment_failed", waiting))
    assert answer.get_json() == {"outcome": "not_paid"}
    page = buyer.land(waiting)
    assert buyer.state(waiting) == "not_paid"
    assert keys_on(page.text) == []
    assert "/checkout/again/" in page.text
    kinds = [row["kind"] for row in read_rows(app, "SELECT kind FROM outbox ORDER BY id")]
    assert kinds == ["waiting_for_bank", "payment_failed"]


def test_takes_success_before_completed(waiting: str, buyer: Buyer, app: Flask, sandbox: SandboxClient) -> None:
    payment = sandbox.stripe.v1.checkout.sessions.retrieve(waiting).payment_intent
    sandbox.settle(str(payment))
    first = post_event(app, make_event("checkout.session.async_payment_succeeded", waiting))
    late = post_event(app, make_event("checkout.session.completed", waiting))
    assert first.get_json() == {"outcome": "fulfilled"}
    assert late.get_json() == {"outcome": "already_fulfilled"}
    assert count_rows(app, Order, Grant) == {"orders": 1, "grants": 2}
    assert [row["kind"] for row in read_rows(app, "SELECT kind FROM outbox")] == ["receipt"]


def test_asks_stripe_at_most_once_a_minute_for_all_who_wait(
    waiting: str, buyer: Buyer, app: Flask, sandbox: SandboxClient
) -> None:
    buyer.land(waiting)
    sandbox.forget_calls()
    other = Buyer(app)
    for _ in range(5):
        buyer.land(waiting)
        other.land(waiting)
    assert sandbox.calls() == []
    with time_machine.travel(clock.now().timestamp() + 61, tick=True):
        buyer.land(waiting)
        other.land(waiting)
    assert len(sandbox.calls()) == 1


def test_finds_the_money_without_any_webhook(
    waiting: str, buyer: Buyer, app: Flask, sandbox: SandboxClient
) -> None:
    buyer.land(waiting)
    sandbox.settle(payment_of(app))
    with time_machine.travel(clock.now().timestamp() + 61, tick=True):
        assert len(keys_on(buyer.land(waiting).text)) == 1


def test_starts_again_with_the_same_cart_after_a_failure(
    waiting: str, buyer: Buyer, app: Flask, sandbox: SandboxClient
) -> None:
    buyer.land(waiting)
    sandbox.settle(payment_of(app), "failed")
    post_event(app, make_event("checkout.session.async_payment_failed", waiting))
    order_page = buyer.land(waiting).text
    again = order_page.split("/checkout/again/")[1][:32]
    elsewhere = Buyer(app)
    assert elsewhere.get(f"/checkout/again/{again}").status_code == 302
    cart = elsewhere.get("/cart").text
    assert "Twinspot" in cart
    second = elsewhere.check_out()
    sandbox.pay(second)
    assert len(keys_on(elsewhere.land(second).text)) == 1
    assert count_rows(app, Order)["orders"] == 2


def test_asks_before_the_same_thing_is_bought_twice(waiting: str, buyer: Buyer, app: Flask) -> None:
    buyer.land(waiting)
    buyer.add("twinspot", "Personal")
    asked = buyer.post("/checkout", nonce=buyer.nonce())
    assert asked.status_code == 200
    assert 'name="again"' in asked.text
    assert buyer.post("/checkout", nonce=buyer.nonce(), again="1").status_code == 303


def test_mails_waiting_then_receipt_each_once(shop: Shop) -> None:
    """Through real webhooks and SMTP."""
    buyer = Buyer(shop.app)
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    shop.sandbox.pay(session_id, payment_method="ach_success", email="ada@example.com")
    shop.wait_for_event("checkout.session.completed")
    shop.work()
    shop.sandbox.settle(payment_of(shop.app))
    shop.wait_for_event("checkout.session.async_payment_succeeded")
    shop.work()
    shop.work()
    subjects = [mail["subject"] for mail in shop.mails(to="ada@example.com")]
    assert len(subjects) == 2
    assert len(keys_on(next(mail["text"] for mail in shop.mails() if keys_on(mail["text"])))) == 1


def test_mails_the_failure_with_a_link_to_start_again(shop: Shop) -> None:
    buyer = Buyer(shop.app)
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    shop.sandbox.pay(session_id, payment_method="ach_success", email="ada@example.com")
    shop.wait_for_event("checkout.session.completed")
    shop.sandbox.settle(payment_of(shop.app), "failed")
    shop.wait_for_event("checkout.session.async_payment_failed")
    shop.work()
    mails = shop.mails(to="ada@example.com")
    assert len(mails) == 1, "the waiting mail is not true any more and never left"
    assert f"{shop.url}/checkout/again/" in mails[0]["text"]
    assert keys_on(mails[0]["text"] + mails[0]["html"]) == []


def test_looks_once_more_where_a_payment_failed_and_stripe_still_says_processing(
    waiting: str, buyer: Buyer, app: Flask, sandbox: SandboxClient
) -> None:
    """The event is there before what it tells of; the worker looks again, and nobody waits for reconciliation."""
    buyer.land(waiting)
    event = make_event("checkout.session.async_payment_failed", waiting)
    assert post_event(app, event).status_code == 200
    unhandled = "SELECT type FROM stripe_events WHERE handled_at IS NULL"
    assert read_rows(app, unhandled) == [{"type": "checkout.session.async_payment_failed"}]
    sandbox.settle(payment_of(app), "failed")
    with time_machine.travel(clock.now().timestamp() + 301, tick=True), app.app_context():
        run_unhandled()
        db.session.remove()
    assert read_rows(app, unhandled) == []
    assert read_rows(app, "SELECT has_failed FROM orders") == [{"has_failed": 1}]
