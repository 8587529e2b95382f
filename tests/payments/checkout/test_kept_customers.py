"""Customers at Stripe whose buyer is gone: they stay while money lies there, and the owner is told."""

from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.erase import erase_customer
from storefront.orders.notices import close_notices
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from tests.payments.checkout.cards import EVE, begun, checked_out, id_of, save_cards, session_of, work
from tests.payments.reconcile.sales import run_later
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.sign_in import make_customer, signed_in

OPEN_NOTICES = "SELECT subject, text FROM notices WHERE kind = 'excess_paid' AND closed_at IS NULL"


@pytest.fixture(autouse=True)
def _saves_cards(app: Flask) -> None:
    save_cards(app)


def send(sandbox: SandboxClient, customer: str, amount: int) -> None:
    transfer: Any = {"amount": amount, "currency": "usd"}
    sandbox.stripe.v1.test_helpers.customers.fund_cash_balance(customer, transfer)


def send_back(sandbox: SandboxClient, customer: str, amount: int) -> None:
    body: Any = {"amount": amount, "currency": "usd", "customer": customer, "origin": "customer_balance"}
    sandbox.stripe.v1.refunds.create(body)


def is_deleted(sandbox: SandboxClient, customer: str) -> bool:
    return bool(sandbox.stripe.v1.customers.retrieve(customer).to_dict().get("deleted"))


def erase(app: Flask, email: str | None = None) -> None:
    with app.test_request_context():
        erase_customer(id_of(app, email) if email else id_of(app))


def test_keeps_the_customer_whose_given_up_transfer_came_after_all(app: Flask, sandbox: SandboxClient) -> None:
    """The event of it was lost: what the order does not know yet, the balance says."""
    buyer = signed_in(app)
    session_id = begun(buyer)
    intent = sandbox.pay(session_id, payment_method="customer_balance")["payment_intent"]["id"]
    buyer.land(session_id)
    sandbox.stripe.v1.payment_intents.cancel(intent)
    with app.app_context():
        fulfill_checkout(session_id, look=Look.NOW)
    customer = session_of(sandbox, session_id)["customer"]
    send(sandbox, customer, 1900)
    erase(app)
    for _ in range(2):
        work(app)
        assert not is_deleted(sandbox, customer)
    assert ["$19.00 lies in its cash balance" in row["text"] for row in read_rows(app, OPEN_NOTICES)] == [True]
    run_later(app)
    [said] = read_rows(app, OPEN_NOTICES)  # one line for the same money
    assert "$19.00 that was sent before the transfer was given up lies" in said["text"]
    sandbox.forget_calls()
    work(app)
    assert read_rows(app, OPEN_NOTICES) == [said]
    assert [call for call in sandbox.calls() if "customers" in call[1]] == []  # now its order says so
    send_back(sandbox, customer, 1900)
    run_later(app)
    for _ in range(2):
        work(app)
        assert is_deleted(sandbox, customer)
    assert read_rows(app, OPEN_NOTICES) == []
    assert read_rows(app, "SELECT id FROM stripe_customers") == []


def test_tells_of_money_that_is_of_no_order_and_deletes_others_meanwhile(
    app: Flask, sandbox: SandboxClient
) -> None:
    make_customer(app, EVE)
    kept = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    gone = session_of(sandbox, checked_out(signed_in(app, EVE)))["customer"]
    send(sandbox, kept, 700)
    erase(app)
    work(app)
    erase(app, EVE)
    work(app)
    assert not is_deleted(sandbox, kept)
    assert is_deleted(sandbox, gone)
    assert read_rows(app, OPEN_NOTICES) == [
        {
            "subject": kept,
            "text": f"The Customer {kept} at Stripe is of a buyer who is erased or has another address, and "
            "$7.00 lies in its cash balance. Send it back from its page in the Stripe Dashboard: the shop deletes "
            "it then.",
        }
    ]
    send_back(sandbox, kept, 700)
    work(app)
    assert is_deleted(sandbox, kept)
    assert read_rows(app, OPEN_NOTICES) == []


def test_waits_for_a_refund_that_stripe_sends_on_and_asks_nobody_to_send_it(
    app: Flask, sandbox: SandboxClient
) -> None:
    """What the order's page does not call too much is none on the owner's list either."""
    buyer = signed_in(app)
    session_id = begun(buyer)
    intent = sandbox.pay(session_id, payment_method="customer_balance")["payment_intent"]["id"]
    customer = session_of(sandbox, session_id)["customer"]
    send(sandbox, customer, 1900)
    buyer.land(session_id)
    body: Any = {"payment_intent": intent}
    sandbox.stripe.v1.refunds.create(body)
    erase(app)
    for _ in range(2):
        work(app)
        assert not is_deleted(sandbox, customer)
        assert read_rows(app, OPEN_NOTICES) == []
    send(sandbox, customer, 700)
    work(app)
    assert ["$7.00 lies in its cash balance" in row["text"] for row in read_rows(app, OPEN_NOTICES)] == [True]
    send_back(sandbox, customer, 2600)
    work(app)
    assert is_deleted(sandbox, customer)


def test_tells_again_of_another_amount_than_the_one_that_was_called_done(
    app: Flask, sandbox: SandboxClient
) -> None:
    kept = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    send(sandbox, kept, 700)
    erase(app)
    work(app)
    [notice] = read_rows(app, "SELECT id FROM notices WHERE closed_at IS NULL")
    with app.test_request_context():
        close_notices([notice["id"]])
    for _ in range(2):
        work(app)
        assert read_rows(app, OPEN_NOTICES) == []
    send(sandbox, kept, 5000)
    for _ in range(2):
        work(app)
        assert ["$57.00 lies in its cash balance" in row["text"] for row in read_rows(app, OPEN_NOTICES)] == [True]


def test_keeps_a_customer_of_whom_nobody_can_tell_what_lies_there(app: Flask, sandbox: SandboxClient) -> None:
    customer = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    fault = {"path": f"/v1/customers/{customer}", "status": 403, "type": "invalid_request_error"}
    sandbox.control("faults", method="GET", times=1, **fault)
    erase(app)
    work(app)
    assert not is_deleted(sandbox, customer)
    work(app)
    assert is_deleted(sandbox, customer)
