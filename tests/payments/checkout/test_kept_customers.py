"""Customers at Stripe whose buyer is gone: they stay while money lies there, and the owner is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete

from storefront.buyers.account.erase import erase_customer
from storefront.buyers.account.saved_cards import MOST_AT_ONCE
from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.leases import Lease
from storefront.customers.at_stripe import StripeCustomer
from storefront.orders.notices import close_notices
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.worker import close_sessions_left
from tests.payments.checkout.cards import EVE, begun, checked_out, id_of, save_cards, session_of, work
from tests.payments.reconcile.sales import run_later
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import wait_for
from tests.support.sign_in import make_customer, signed_in

OPEN_NOTICES = "SELECT subject, text FROM notices WHERE kind = 'excess_paid' AND closed_at IS NULL"

LEASES = "SELECT name FROM leases WHERE name LIKE 'given up customer %'"
REFUSED = "SELECT subject, text FROM notices WHERE kind = 'customer_refused' AND closed_at IS NULL"

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture(autouse=True)
def _saves_cards(app: Flask) -> None:
    save_cards(app)


def send(sandbox: SandboxClient, customer: str, amount: int, currency: str = "usd") -> None:
    transfer: Any = {"amount": amount, "currency": currency}
    sandbox.stripe.v1.test_helpers.customers.fund_cash_balance(customer, transfer)


def send_back(sandbox: SandboxClient, customer: str, amount: int, currency: str = "usd") -> None:
    body: Any = {"amount": amount, "currency": currency, "customer": customer, "origin": "customer_balance"}
    sandbox.stripe.v1.refunds.create(body)


def paid_too_much(app: Flask, sandbox: SandboxClient) -> tuple[str, str]:
    """Return the Session and the Customer of an order of $19.00 that a bank transfer of $26.00 has paid."""
    buyer = signed_in(app)
    session_id = begun(buyer)
    sandbox.pay(session_id, payment_method="customer_balance")
    buyer.land(session_id)
    customer = session_of(sandbox, session_id)["customer"]
    send(sandbox, customer, 2600)
    with app.app_context():
        fulfill_checkout(session_id, look=Look.NOW)
    return session_id, customer


def told(app: Flask) -> list[tuple[bool, bool]]:
    """Say of each open line whether it names $7.00 and €50.00."""
    return [("$7.00" in row["text"], "\u20ac50.00" in row["text"]) for row in read_rows(app, OPEN_NOTICES)]


def refuse(sandbox: SandboxClient, customer: str, *, times: int | None) -> None:
    """Stripe does not show this Customer."""
    fault = {"path": f"/v1/customers/{customer}", "status": 403, "type": "invalid_request_error"}
    sandbox.control("faults", method="GET", times=times, **fault)


def is_deleted(sandbox: SandboxClient, customer: str) -> bool:
    return bool(sandbox.stripe.v1.customers.retrieve(customer).to_dict().get("deleted"))


def work_again(app: Flask) -> None:
    """Do what the worker does a minute later."""
    with app.app_context():
        with transaction() as changes:
            changes.execute(delete(Lease).where(Lease.name == "close_left"))
        close_sessions_left()


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
    for _ in range(2):
        work(app)
        assert read_rows(app, OPEN_NOTICES) == [said]  # now its order says so
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
            "subject": f"{kept} usd",
            "text": f"The Customer {kept} at Stripe is of a buyer who is erased or has another address, and "
            "$7.00 lies in its cash balance. Send it back from its page in the Stripe Dashboard: the shop deletes "
            "it within an hour once nothing lies there.",
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
    refuse(sandbox, customer, times=1)
    erase(app)
    work(app)
    assert not is_deleted(sandbox, customer)
    assert read_rows(app, REFUSED) == [
        {
            "subject": customer,
            "text": f"The Customer {customer} at Stripe is of a buyer who is erased or has another address, and "
            "Stripe does not let the shop delete it with its cards. Let STRIPE_SECRET_KEY write Customers, or "
            "delete it in the Stripe Dashboard once nothing lies in its cash balance.",
        }
    ]
    work(app)
    assert is_deleted(sandbox, customer)
    assert read_rows(app, REFUSED) == []


@both
def test_asks_hourly_about_who_is_kept_and_keeps_the_moment_of_erasing(app: Flask, sandbox: SandboxClient) -> None:
    kept = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    send(sandbox, kept, 700)
    erase(app)
    erased = read_rows(app, "SELECT given_up_at FROM stripe_customers")
    work(app)
    send_back(sandbox, kept, 700)
    sandbox.forget_calls()
    for _ in range(2):
        work_again(app)
    with time_machine.travel(clock.now() + timedelta(minutes=59)):
        work_again(app)
    assert [path for _method, path in sandbox.calls() if "customers" in path] == []
    assert read_rows(app, "SELECT given_up_at FROM stripe_customers") == erased
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        work_again(app)
    assert is_deleted(sandbox, kept)
    assert read_rows(app, LEASES) == []


@pytest.mark.parametrize("status", [401, 503])
def test_tries_again_within_a_minute_where_stripe_answers_nobody(
    status: int, app: Flask, sandbox: SandboxClient
) -> None:
    """Of a key that Stripe does not take the owner is told elsewhere, once."""
    gone = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    sandbox.control("faults", method="GET", times=None, path=f"/v1/customers/{gone}", status=status)
    erase(app)
    work_again(app)
    sandbox.control("faults/clear")
    assert not is_deleted(sandbox, gone)
    assert read_rows(app, REFUSED) == []
    work_again(app)
    assert is_deleted(sandbox, gone)


@both
def test_lets_many_that_stripe_refuses_hold_up_no_other_and_tells_of_each(
    app: Flask, sandbox: SandboxClient
) -> None:
    gone = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    [row] = read_rows(app, "SELECT account, mode FROM stripe_customers")
    given_up_at = datetime(2026, 1, 1, tzinfo=UTC)
    with app.app_context(), transaction() as session:
        for place in range(MOST_AT_ONCE):
            stripe_id = f"cus_Refused{place:02}"
            refuse(sandbox, stripe_id, times=None)
            session.add(StripeCustomer(**row, stripe_id=stripe_id, email="", given_up_at=given_up_at))
    erase(app)
    work(app)
    assert not is_deleted(sandbox, gone)
    for _ in range(2):
        work_again(app)
        assert is_deleted(sandbox, gone)
        assert len(read_rows(app, REFUSED)) == MOST_AT_ONCE


def test_leaves_it_to_an_order_that_said_it_meanwhile(app: Flask, sandbox: SandboxClient) -> None:
    session_id = checked_out(signed_in(app))
    kept = session_of(sandbox, session_id)["customer"]
    sandbox.pay(session_id)
    with app.app_context():
        fulfill_checkout(session_id, look=Look.NOW)
    send(sandbox, kept, 700)
    erase(app)
    path = f"/v1/customers/{kept}/cash_balance_transactions"
    sandbox.control("faults", method="GET", path=path, status=None, times=1, delay_seconds=3)
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(work, app)
        wait_for(lambda: read_rows(app, LEASES) != [])
        change_rows(app, "UPDATE orders SET excess_minor = 700")
        assert not worker.done()
        worker.result()
    assert read_rows(app, OPEN_NOTICES) == []


@both
def test_tells_of_money_in_another_currency_than_that_of_which_an_order_tells(
    app: Flask, sandbox: SandboxClient
) -> None:
    """Also where the owner keeps what the order tells of for a next one: that stays for ever."""
    session_id, kept = paid_too_much(app, sandbox)
    send(sandbox, kept, 5000, "eur")
    erase(app)
    for _ in range(2):
        work(app)
        assert told(app) == [(True, False), (False, True)]
        run_later(app)
        assert told(app) == [(True, False), (False, True)]
    lines = read_rows(app, "SELECT id FROM notices WHERE kind = 'excess_paid' ORDER BY id")
    for place, left in enumerate(([(False, True)], [])):
        with app.test_request_context():
            close_notices([lines[place]["id"]])
        for _ in range(2):
            work(app)
            with app.app_context():
                fulfill_checkout(session_id, look=Look.NOW)
            assert told(app) == left
    assert not is_deleted(sandbox, kept)
    send_back(sandbox, kept, 5000, "eur")
    work(app)
    assert not is_deleted(sandbox, kept)
    send_back(sandbox, kept, 700)
    for _ in range(2):
        work(app)
        assert is_deleted(sandbox, kept)
    run_later(app)
    assert read_rows(app, "SELECT excess_minor FROM orders") == [{"excess_minor": 0}]


def test_tells_of_each_currency_in_a_line_of_its_own(app: Flask, sandbox: SandboxClient) -> None:
    """An order that tells of one later leaves the line of the other alone."""
    session_id, kept = paid_too_much(app, sandbox)
    send(sandbox, kept, 5000, "eur")
    change_rows(app, "UPDATE orders SET excess_minor = 0")
    change_rows(app, "DELETE FROM notices")
    erase(app)
    for _ in range(2):
        work(app)
        assert [row["subject"] for row in read_rows(app, OPEN_NOTICES)] == [f"{kept} eur", f"{kept} usd"]
    with app.app_context():
        fulfill_checkout(session_id, look=Look.NOW)
    [order] = read_rows(app, "SELECT number FROM orders")
    for _ in range(2):
        lines = {row["subject"] for row in read_rows(app, OPEN_NOTICES)}
        assert lines == {f"{kept} eur", order["number"]}
        work(app)


def test_closes_a_line_about_a_kept_customer_that_names_no_currency(app: Flask, sandbox: SandboxClient) -> None:
    """Written before each currency had a line of its own."""
    kept = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    send(sandbox, kept, 700)
    erase(app)
    work(app)
    change_rows(app, f"UPDATE notices SET subject = '{kept}'")
    for _ in range(2):
        work(app)
        assert [row["subject"] for row in read_rows(app, OPEN_NOTICES)] == [f"{kept} usd"]
