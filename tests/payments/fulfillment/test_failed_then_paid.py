"""Stripe calls a failed payment final. Should its money come after all, it is handed out once; the other way round
a bank's taking back is a dispute, and never a payment that failed."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.payments.fulfillment.fulfill import Look
from tests.payments.reconcile.sales import run
from tests.support.fulfill import look
from tests.support.rows import read_rows
from tests.support.sale import Sale, link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on
from tests.support.ways_to_pay import end_payment, mirror_in, way_of

FAILED = "checkout.session.async_payment_failed"
SUCCEEDED = "checkout.session.async_payment_succeeded"


def start(app: Flask, sandbox: SandboxClient, method: str) -> Sale:
    """An order that waits, and whose buyer has seen it wait."""
    way = way_of(method)
    (price,) = mirror_in(app, way.currency, ("twinspot", 1900))
    session_id = sandbox.create_session([{"price": price, "quantity": 1}])
    sandbox.pay(session_id, payment_method=method, email=ADA)
    buyer = Buyer(app)
    assert keys_on(buyer.land(session_id).text) == []
    link = link_of(app, session_id)
    return Sale(app=app, sandbox=sandbox, buyer=buyer, session_id=session_id, keys=[], link=link, downloads=[])


def fail(sale: Sale, method: str) -> None:
    end_payment(sale.sandbox, method, sale.payment().id, "failed")
    sale.deliver(FAILED)
    assert "The payment didn't go through" in sale.words()


def pay_after_all(sale: Sale) -> None:
    sale.sandbox.control(f"payment_intents/{sale.payment().id}/settle_after_failure")


def by_event(sale: Sale) -> None:
    sale.deliver(SUCCEEDED)


def by_page(sale: Sale) -> None:
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=True):
        sale.buyer.land(sale.session_id)


def by_look(sale: Sale) -> None:
    look(sale.app, sale.session_id, Look.IF_NEEDED)


def by_reconciliation(sale: Sale) -> None:
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True):
        report = run(sale.app)
    assert ["paid at Stripe, failed here" in line.text for line in report.fixed] == [True]


@pytest.mark.parametrize("hear", [by_event, by_page, by_look, by_reconciliation])
def test_hands_out_once_however_it_is_heard_of(
    app: Flask, sandbox: SandboxClient, mailbox: Any, hear: Callable[[Sale], None]
) -> None:
    sale = start(app, sandbox, "sepa_success")
    fail(sale, "sepa_success")
    sale.work()
    pay_after_all(sale)
    hear(sale)
    sale.deliver("checkout.session.", "charge.", "payment_intent.")
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=True):
        sale.work()
        assert run(app).fixed == (), "nothing is left to mend"
    (key,) = keys_on(sale.order_page())
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    order = read_rows(app, "SELECT is_paid, has_failed FROM orders")
    assert order == [{"is_paid": 1, "has_failed": 0}]
    mails = [mail for mail in mailbox.messages() if ADA in mail["to"]]
    assert Counter(len(keys_on(mail["text"])) for mail in mails) == {0: 1, 1: 1}, "the receipt, after the failure"
    assert keys_on(mails[0]["text"]) == [key]


def test_hears_of_it_in_a_list_when_its_event_is_gone(app: Flask, sandbox: SandboxClient) -> None:
    sale = start(app, sandbox, "multibanco")
    fail(sale, "multibanco")
    sandbox.control("faults", method="GET", path="/v1/events", status=400, times=50)
    assert run(app).fixed == (), "what Stripe calls unpaid is not asked about again"
    pay_after_all(sale)
    by_reconciliation(sale)
    assert len(keys_on(sale.order_page())) == 1


def test_sends_no_mail_of_a_failure_that_is_over(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = start(app, sandbox, "bacs_success")
    fail(sale, "bacs_success")
    pay_after_all(sale)
    sale.deliver(SUCCEEDED)
    sale.work()
    (mail,) = [mail for mail in mailbox.messages() if ADA in mail["to"]]
    assert keys_on(mail["text"]) == keys_on(sale.order_page())
    assert sale.promised() == {"waiting_for_bank": "canceled", "payment_failed": "canceled", "receipt": "sent"}


def test_closes_what_a_bank_takes_back_as_a_dispute(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    """Paid by direct debit, and called back weeks later: Stripe has no failure for that."""
    sale = start(app, sandbox, "sepa_success")
    end_payment(sandbox, "sepa_success", sale.payment().id)
    sale.deliver(SUCCEEDED)
    sale.work()
    assert len(keys_on(sale.order_page())) == 1
    sale.at_charge("dispute", reason="debit_not_authorized", status="lost")
    sale.deliver("charge.dispute.", SUCCEEDED, "checkout.session.completed")
    sale.work()
    assert keys_on(sale.order_page()) == []
    assert "The payment didn't go through" not in sale.words()
    assert "payment_failed" not in sale.promised()
    order = read_rows(app, "SELECT is_paid, has_failed, dispute_status FROM orders")
    assert order == [{"is_paid": 1, "has_failed": 0, "dispute_status": "lost"}]


@pytest.mark.parametrize("method", ["sepa_success", "pm_card_visa"])
def test_pays_at_the_sandbox_only_what_has_failed(app: Flask, sandbox: SandboxClient, method: str) -> None:
    (price,) = mirror_in(app, "eur", ("twinspot", 1900))
    session_id = sandbox.create_session([{"price": price, "quantity": 1}])
    payment = sandbox.pay(session_id, payment_method=method)["payment_intent"]["id"]
    with pytest.raises(Exception, match="400"):
        sandbox.control(f"payment_intents/{payment}/settle_after_failure")
