"""Each way to pay whose money comes later: no keys before, fitting words, and one end whatever comes first."""

import html
from collections.abc import Sequence
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select, update

from storefront.cli.order_text import history_to_text
from storefront.core.db import db, transaction
from storefront.mail.letter import Mail
from storefront.mail.models import OutboxMessage
from storefront.messages.compose import compose
from storefront.orders.models import Grant, Order
from storefront.owner.history.order import read_history
from storefront.payments.checkout.models import Checkout
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from tests.payments.reconcile.sales import run_later
from tests.support.prices import price_in
from tests.support.rows import change_rows, count_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, make_event, post_event
from tests.support.ways_to_pay import end_payment

# Way to pay -> currency, and what the page says that its buyer must do.
LATER = {
    "boleto": ("brl", "Pay this voucher until"),
    "oxxo": ("mxn", "Pay this voucher until"),
    "multibanco": ("eur", "Pay this voucher until"),
    "konbini": ("jpy", "Pay this voucher until"),
    "customer_balance": ("usd", "Send $"),
    "sepa_success": ("eur", "Some payments, such as bank debits, take a few minutes"),
    "bacs_success": ("gbp", "Some payments, such as bank debits, take a few minutes"),
}
SUCCEEDED = "checkout.session.async_payment_succeeded"
FAILED = "checkout.session.async_payment_failed"


class Sale:
    """An order of one license key that waits for its money."""

    def __init__(self, app: Flask, buyer: Buyer, sandbox: SandboxClient, method: str) -> None:
        self.app, self.buyer, self.sandbox, self.method = app, buyer, sandbox, method
        price_in(app, LATER[method][0], 1900)
        buyer.add("twinspot", "Personal")
        self.session_id = buyer.check_out()
        if method == "customer_balance":
            self.session_id = self._session_with_customer()
        self.intent = sandbox.pay(self.session_id, payment_method=method)["payment_intent"]["id"]

    def _session_with_customer(self) -> str:
        """Stripe takes bank transfers only with a Customer, which this shop's own Sessions have not."""
        expand: Any = {"expand": ["line_items"]}
        session = self.sandbox.stripe.v1.checkout.sessions.retrieve(self.session_id, expand)
        assert session.line_items
        assert session.line_items.data[0].price
        line = {"price": session.line_items.data[0].price.id, "quantity": 1}
        marks = read_rows(self.app, "SELECT token FROM checkouts")[0]
        session_id = self.sandbox.create_session([line], customer_creation="always", metadata=marks)
        with self.app.app_context(), transaction() as changes:
            changes.execute(update(Checkout).values(checkout_session_id=session_id))
        return session_id

    def pay(self) -> None:
        end_payment(self.sandbox, self.method, self.intent)

    def fail(self) -> None:
        end_payment(self.sandbox, self.method, self.intent, "failed")

    def post(self, kind: str) -> str:
        return str(post_event(self.app, make_event(kind, self.session_id)).get_json()["outcome"])

    def deliver(self, *prefixes: str) -> None:
        """Every event so far whose type begins so, twice; there is one."""
        events = [event for event in self.sandbox.read("events")["data"] if event["type"].startswith(prefixes)]
        assert events
        assert {post_event(self.app, event).status_code for event in events * 2} == {200}

    def page(self) -> str:
        return self.buyer.land(self.session_id).text

    def mail(self, kind: str) -> Mail:
        with self.app.app_context():
            message = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).one()
            mail = compose(message)
        assert isinstance(mail, Mail)
        return mail

    def shown_to_owner(self) -> str:
        with self.app.app_context():
            return "\n".join(history_to_text(read_history(db.session.scalars(select(Order)).one())))


@pytest.fixture(params=LATER)
def sale(request: pytest.FixtureRequest, app: Flask, buyer: Buyer, sandbox: SandboxClient) -> Sale:
    return Sale(app, buyer, sandbox, request.param)


def kinds(app: Flask) -> Sequence[str]:
    return [row["kind"] for row in read_rows(app, "SELECT kind FROM outbox ORDER BY id")]


def test_shows_no_keys_and_says_what_is_left_to_do(sale: Sale) -> None:
    page = sale.page()
    assert LATER[sale.method][1] in page
    assert keys_on(page) == []
    order_url = page.split('href="http://localhost')[-1].split('"')[0]
    mail = sale.mail("waiting_for_bank")
    for text in (mail.text, mail.html):
        assert ("Pay this voucher" in text) is ("voucher" in LATER[sale.method][1])
    assert count_rows(sale.app, Order, Grant) == {"orders": 1, "grants": 0}
    assert order_url
    shown = sale.shown_to_owner()
    assert ("voucher can be paid until" in shown) is ("voucher" in LATER[sale.method][1])
    assert ("still to come by bank transfer" in shown) is (sale.method == "customer_balance")


def test_hands_out_once_whichever_comes_first(sale: Sale) -> None:
    """The end before the beginning, each twice, and the page in between."""
    sale.pay()
    assert sale.post(SUCCEEDED) == "fulfilled"
    assert len(keys_on(sale.page())) == 1
    assert sale.post("checkout.session.completed") == "already_fulfilled"
    assert sale.post(SUCCEEDED) == "duplicate"
    assert count_rows(sale.app, Order)["orders"] == 1
    assert kinds(sale.app) == ["receipt"]


def test_says_why_it_came_to_nothing(sale: Sale) -> None:
    sale.page()
    sale.fail()
    assert sale.post(FAILED) == "not_paid"
    assert sale.post("checkout.session.completed") == "not_paid"
    page = sale.page()
    assert keys_on(page) == []
    assert "/checkout/again/" in page
    mail = sale.mail("payment_failed")
    assert "Try again with what you chose:" in mail.text
    reason = {
        "customer_balance": "The bank transfer for this order was given up.",
        "sepa_success": "Your bank did not let the payment for this order through.",
        "bacs_success": "Your bank did not let the payment for this order through.",
    }.get(sale.method, "The voucher for this order was not paid in time.")
    assert reason in page
    assert reason in mail.text
    assert reason in mail.html
    assert "/checkout/again/" in mail.text


def test_counts_what_is_still_missing_and_tells_the_owner_what_is_too_much(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    sale = Sale(app, buyer, sandbox, "customer_balance")
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=900)
    page = sale.page()
    assert "Part of your transfer has arrived" in page
    assert "Send $10.00 to this account, which is still missing" in page
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=1250)
    assert sale.post(SUCCEEDED) == "fulfilled"
    notices = read_rows(app, "SELECT kind, text FROM notices")
    assert [row["kind"] for row in notices] == ["excess_paid"]
    assert "$2.50 more than its price" in notices[0]["text"]
    assert "sent too much $2.50" in sale.shown_to_owner()


def test_hears_of_each_transfer_at_once_and_tells_the_owner_once_what_came_after_all_was_paid(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    sale = Sale(app, buyer, sandbox, "customer_balance")
    assert "Send $19.00 to this account" in sale.page()
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=900)
    sale.deliver("payment_intent.partially_funded")
    assert "$10.00 still to come by bank transfer" in sale.shown_to_owner()
    assert "Send $10.00 to this account, which is still missing" in sale.page()
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=1000)
    sale.deliver(SUCCEEDED)
    assert read_rows(app, "SELECT kind FROM notices") == []
    customer = sandbox.stripe.v1.payment_intents.retrieve(sale.intent).customer
    more: Any = {"amount": 700, "currency": "usd"}
    sandbox.stripe.v1.test_helpers.customers.fund_cash_balance(str(customer), more)
    sale.deliver("cash_balance.funds_available", "payment_intent.partially_funded", "checkout.session.")
    notices = read_rows(app, "SELECT kind, text FROM notices")
    assert [row["kind"] for row in notices] == ["excess_paid"]
    assert "$7.00 more than its price" in notices[0]["text"]
    assert len(keys_on(sale.page())) == 1


def test_tells_the_owner_what_was_sent_for_a_transfer_that_was_given_up(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    sale = Sale(app, buyer, sandbox, "customer_balance")
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=900)
    assert "Send $10.00 to this account, which is still missing" in sale.page()
    sale.fail()
    assert sale.post(FAILED) == "not_paid"
    notices = read_rows(app, "SELECT kind, text FROM notices WHERE closed_at IS NULL")
    assert [row["kind"] for row in notices] == ["excess_paid"]
    assert "$9.00 that was sent before the transfer was given up lies" in notices[0]["text"]
    assert "sent too much $9.00" in sale.shown_to_owner()
    mail = sale.mail("payment_failed")
    for shown in (sale.page(), mail.text, mail.html):
        said = " ".join(html.unescape(shown).split())
        assert "Stripe still holds the $9.00 that you sent. Contact us to get it back." in said
        assert "haven't been charged" not in said


def test_leaves_on_the_list_what_came_too_much_when_the_balance_can_no_longer_be_read(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    sale = Sale(app, buyer, sandbox, "customer_balance")
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=2500)
    sale.post(SUCCEEDED)
    fault = {"path": "/v1/customers/*/cash_balance_transactions", "status": 403, "type": "invalid_request_error"}
    sandbox.control("faults", method="GET", times=None, **fault)
    with app.app_context():
        fulfill_checkout(sale.session_id, look=Look.NOW)
        db.session.remove()
    assert run_later(app) == []
    assert read_rows(app, "SELECT excess_minor FROM orders") == [{"excess_minor": 600}]
    notices = read_rows(app, "SELECT text FROM notices WHERE closed_at IS NULL AND kind = 'excess_paid'")
    assert ["$6.00 more than its price" in row["text"] for row in notices] == [True]


def test_lets_the_owner_forget_what_was_sent_in_vain_once_it_went_back(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    sale = Sale(app, buyer, sandbox, "customer_balance")
    sale.fail()
    assert sale.post(FAILED) == "not_paid"
    change_rows(
        app,
        "UPDATE orders SET excess_minor = 900",
        "INSERT INTO notices (kind, mode, order_id, subject, text, is_closed_by_owner, created_at)"
        " SELECT 'excess_paid', mode, id, number, 'too much', false, created_at FROM orders",
    )
    assert ["$0.00 sent too much at Stripe, $9.00 here" in said for said in run_later(app)] == [True]
    open_now = "SELECT id FROM notices WHERE closed_at IS NULL AND kind = 'excess_paid'"
    assert read_rows(app, open_now) == []
    assert run_later(app) == []


@pytest.mark.parametrize(
    ("method", "said"),
    [("oxxo", "where to pay your voucher, and until when"), ("customer_balance", "how much to send, and where")],
)
def test_does_not_call_it_nothing_to_do_in_another_browser(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, method: str, said: str
) -> None:
    """A voucher's number is for who has ordered it; that it has to be paid is no secret."""
    sale = Sale(app, buyer, sandbox, method)
    assert "<dl" in sale.page()
    other = Buyer(app).land(sale.session_id).text
    assert said in other
    assert "nothing you need to do" not in other
    assert "<dl" not in other


def test_takes_a_refund_that_lies_in_the_balance_for_no_money_too_much(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    sale = Sale(app, buyer, sandbox, "customer_balance")
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=1900)
    sale.deliver(SUCCEEDED)
    sandbox.stripe.v1.refunds.create({"payment_intent": sale.intent})
    sale.deliver("charge.refunded", "cash_balance.funds_available")
    assert "excess_paid" not in [row["kind"] for row in read_rows(app, "SELECT kind FROM notices")]
    assert "sent too much" not in sale.shown_to_owner()
    assert keys_on(sale.page()) == []


@pytest.mark.parametrize("answer", ["approve", "refuse"])
def test_comes_back_from_a_page_elsewhere_with_keys_or_with_the_cart(
    answer: str, app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    intent = sandbox.pay(session_id, payment_method="klarna", authenticate=None)["payment_intent"]
    url = intent["next_action"]["redirect_to_url"]["url"]
    requests.post(url, data={"answer": answer}, allow_redirects=False, timeout=60)
    page = buyer.land(session_id)
    if answer == "approve":
        assert len(keys_on(page.text)) == 1
        return
    assert page.status_code == 303
    assert "That payment was not completed, and nothing was charged." in buyer.get(page.headers["Location"]).text
    assert "Twinspot" in buyer.get("/cart").text
    assert count_rows(app, Order, Grant) == {"orders": 0, "grants": 0}


def test_asks_stripe_no_more_often_for_a_voucher(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    sale = Sale(app, buyer, sandbox, "oxxo")
    sandbox.forget_calls()
    for _ in range(3):
        assert "Pay this voucher until" in sale.page()
    assert len(sandbox.calls()) == 1


def test_says_of_one_order_alone_what_came_too_much_when_two_share_a_customer(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    first = Sale(app, buyer, sandbox, "customer_balance")
    sandbox.control(f"payment_intents/{first.intent}/fund", amount=2500)
    first.post(SUCCEEDED)
    assert "$6.00 more than its price" in read_rows(app, "SELECT text FROM notices")[0]["text"]
    session = sandbox.stripe.v1.checkout.sessions.retrieve(first.session_id)
    second = second_sale(sandbox, customer=str(session.customer))
    intent = sandbox.pay(second, payment_method="customer_balance")["payment_intent"]["id"]
    sandbox.control(f"payment_intents/{intent}/fund", amount=1500)  # 13.00 were missing
    for session_id in (second, first.session_id, second) * 2:
        with app.app_context():
            fulfill_checkout(session_id, look=Look.NOW)
    shares = read_rows(app, "SELECT excess_minor FROM orders ORDER BY id")
    assert [row["excess_minor"] for row in shares] == [0, 200]
    notices = read_rows(app, "SELECT text FROM notices WHERE closed_at IS NULL AND kind = 'excess_paid'")
    assert ["$2.00 more than its price" in row["text"] for row in notices] == [True]


def second_sale(sandbox: SandboxClient, *, customer: str) -> str:
    """Return a Session as the shop's first one, for a Customer."""
    first = sandbox.stripe.v1.checkout.sessions.list().data[-1]
    lines = sandbox.stripe.v1.checkout.sessions.line_items.list(first.id)
    assert lines.data[0].price
    line = {"price": lines.data[0].price.id, "quantity": 1}
    return sandbox.create_session([line], customer=customer, metadata=first.to_dict()["metadata"])


def test_hears_of_a_part_and_of_too_much_by_reconciliation_where_events_were_lost(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    sale = Sale(app, buyer, sandbox, "customer_balance")
    assert "Send $19.00 to this account" in sale.page()
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=900)
    assert ["another amount or date at Stripe" in said for said in run_later(app)] == [True]
    assert "Send $10.00 to this account" in sale.page()
    sandbox.control(f"payment_intents/{sale.intent}/fund", amount=1250)
    assert ["$2.50 sent too much at Stripe, $0.00 here" in said for said in run_later(app)] == [True]
    assert [row["excess_minor"] for row in read_rows(app, "SELECT excess_minor FROM orders")] == [250]
