"""Every refund and dispute status: what stays open, what the buyer reads, who is mailed, what needs the owner."""

import html
import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask

from storefront.stripe_gateway import Gateway
from storefront.stripe_seen import SeenCheckout
from tests.databases import BOTH
from tests.sandbox_client import SandboxClient
from tests.shop import Buyer, keys_on, post_event, read_rows, run_worker_once

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)

PAID = "Paid."
REFUNDED = "This order was refunded, so its keys and downloads no longer work."
DISPUTED = "The payment is disputed with the bank. Keys and downloads pause until that is settled."
LOST = "The payment was taken back by the bank, so keys and downloads no longer work."
INQUIRY = "Paid. Your bank asked a question about this payment; everything still works."

SENT = {"receipt": "sent"}
HELD_BACK = {"receipt": "canceled"}


@dataclass(frozen=True, slots=True)
class Expected:
    """`mails`: kind -> how it ended, when everything was heard before any mail could leave."""

    allowed: bool
    sentence: str
    mails: dict[str, str]
    notices: tuple[str, ...] = ()


# https://docs.stripe.com/api/refunds/object, `status`.
REFUNDS = {
    "pending": Expected(False, REFUNDED, HELD_BACK | {"refunded": "sent"}),
    "requires_action": Expected(False, REFUNDED, HELD_BACK | {"refunded": "sent"}),
    "succeeded": Expected(False, REFUNDED, HELD_BACK | {"refunded": "sent"}),
    "failed": Expected(True, PAID, SENT | {"refunded": "canceled"}, ("refund_failed",)),
    "canceled": Expected(True, PAID, SENT | {"refunded": "canceled"}),
}
# https://docs.stripe.com/api/disputes/object, `status`, API version 2026-10-28.endive; and one that is not there.
DISPUTES = {
    "needs_response": Expected(False, DISPUTED, HELD_BACK | {"dispute_opened": "sent"}, ("dispute_open",)),
    "under_review": Expected(False, DISPUTED, HELD_BACK),
    "won": Expected(True, PAID, SENT),
    "lost": Expected(False, LOST, HELD_BACK),
    "prevented": Expected(True, PAID, SENT),
    "appeal_needs_response": Expected(False, DISPUTED, HELD_BACK | {"dispute_opened": "sent"}, ("dispute_open",)),
    "appeal_under_review": Expected(False, DISPUTED, HELD_BACK),
    "warning_needs_response": Expected(True, INQUIRY, SENT | {"dispute_opened": "sent"}, ("dispute_open",)),
    "warning_under_review": Expected(True, INQUIRY, SENT),
    "warning_closed": Expected(True, INQUIRY, SENT),
    "sent_to_the_moon": Expected(True, PAID, SENT, ("dispute_unknown",)),
}


class RewordingGateway(Gateway):
    """The real gateway, but each refund or dispute has a status that the sandbox cannot make."""

    def __init__(self, real: Gateway, **statuses: str) -> None:
        self.__dict__.update(real.__dict__)
        self.statuses = statuses

    def get_checkout(self, session_id: str, *, thorough: bool = False) -> SeenCheckout:
        seen = super().get_checkout(session_id, thorough=thorough)
        assert seen.payment
        aftermath = seen.payment.aftermath
        if aftermath is None:
            return seen
        lists: dict[str, Any] = {
            name: tuple(replace(row, status=status) for row in getattr(aftermath, name))
            for name, status in self.statuses.items()
        }
        return replace(seen, payment=replace(seen.payment, aftermath=replace(aftermath, **lists)))


@dataclass(slots=True)
class Sale:
    app: Flask
    sandbox: SandboxClient
    buyer: Buyer
    session_id: str
    keys: list[str]
    link: str

    def charge(self) -> Any:
        expand: Any = {"expand": ["payment_intent.latest_charge"]}
        payment: Any = self.sandbox.stripe.v1.checkout.sessions.retrieve(self.session_id, expand).payment_intent
        return payment.latest_charge

    def deliver(self, *prefixes: str) -> None:
        """Every event so far whose type begins so, each of them twice."""
        events = [event for event in self.sandbox.read("events")["data"] if event["type"].startswith(prefixes)]
        for event in events * 2:
            assert post_event(self.app, event).status_code == 200

    def assert_is(self, expected: Expected) -> None:
        run_worker_once(self.app)
        page = self.buyer.get(self.link).text
        assert keys_on(page) == (self.keys if expected.allowed else [])
        assert ("/downloads/" in page) is expected.allowed
        main = page[page.find("<main") :]
        assert expected.sentence in re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main)))
        rows = read_rows(self.app, "SELECT kind, state FROM outbox")
        assert [(row["kind"], row["state"]) for row in rows] == list(expected.mails.items())
        notices = read_rows(self.app, "SELECT kind FROM notices WHERE closed_at IS NULL")
        assert tuple(row["kind"] for row in notices) == expected.notices


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient, mailbox: Any) -> Sale:
    """Paid, and shown to its buyer; no event has come and no mail has left."""
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    page = buyer.land(session_id).text
    link = re.search(r"/orders/[0-9a-f]{32}", page)
    assert link
    return Sale(app, sandbox, buyer, session_id, keys_on(page), link[0])


@pytest.mark.parametrize("status", REFUNDS)
def test_follows_every_refund_status(sale: Sale, status: str) -> None:
    refund = sale.sandbox.control(f"charges/{sale.charge().id}/refund", outcome="pending")
    if status == "requires_action":
        reworded = RewordingGateway(sale.app.extensions["stripe_gateway"], refunds=status)
        sale.app.extensions["stripe_gateway"] = reworded
    sale.deliver("refund.", "charge.refunded")
    if status in ("succeeded", "failed", "canceled"):
        sale.sandbox.control(f"refunds/{refund['id']}/settle", result=status)
        sale.deliver("refund.", "charge.refunded")
    sale.deliver("checkout.session.completed")
    sale.assert_is(REFUNDS[status])


@pytest.mark.parametrize("status", DISPUTES)
def test_follows_every_dispute_status(sale: Sale, status: str) -> None:
    unknown = status == "sent_to_the_moon"
    if unknown:
        reworded = RewordingGateway(sale.app.extensions["stripe_gateway"], disputes=status)
        sale.app.extensions["stripe_gateway"] = reworded
    sale.sandbox.control(f"charges/{sale.charge().id}/dispute", status="needs_response" if unknown else status)
    sale.deliver("charge.dispute.", "checkout.session.completed")
    sale.assert_is(DISPUTES[status])


@pytest.mark.parametrize("ended", ["won", "lost"])
def test_follows_an_inquiry_that_becomes_a_dispute_to_its_end(sale: Sale, ended: str) -> None:
    """One mail to the owner about one dispute; it has not left before the end, and is not true any more then."""
    dispute = sale.sandbox.control(f"charges/{sale.charge().id}/dispute", status="warning_needs_response")
    sale.deliver("charge.dispute.", "checkout.session.completed")
    for status in ("needs_response", "under_review", ended):
        sale.sandbox.control(f"disputes/{dispute['id']}/move", status=status)
        sale.deliver("charge.dispute.")
    expected = DISPUTES[ended]
    sale.assert_is(replace(expected, mails=expected.mails | {"dispute_opened": "canceled"}))


def test_counts_what_was_given_back_only_while_it_is(sale: Sale) -> None:
    """Two halves: full only together, and open again when one of them bounces."""
    for amount in (1000, 900):
        sale.sandbox.control(f"charges/{sale.charge().id}/refund", amount=amount)
    sale.deliver("refund.", "charge.refunded")
    assert keys_on(sale.buyer.get(sale.link).text) == []
    newest = sale.sandbox.stripe.v1.refunds.list().data[0]
    sale.sandbox.control(f"refunds/{newest.id}/settle", result="failed")
    sale.deliver("refund.", "charge.refunded", "checkout.session.completed")
    assert keys_on(sale.buyer.get(sale.link).text) == sale.keys
    assert read_rows(sale.app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1000}]


def test_asks_the_owner_no_more_about_a_refund_that_failed_when_another_went_through(sale: Sale) -> None:
    first = sale.sandbox.control(f"charges/{sale.charge().id}/refund", outcome="failed")
    sale.deliver("refund.", "charge.refunded")
    open_ones = "SELECT kind, subject FROM notices WHERE closed_at IS NULL"
    assert read_rows(sale.app, open_ones) == [{"kind": "refund_failed", "subject": first["id"]}]
    sale.sandbox.control(f"charges/{sale.charge().id}/refund")
    sale.deliver("refund.", "charge.refunded")
    assert read_rows(sale.app, open_ones) == []
    assert keys_on(sale.buyer.get(sale.link).text) == []
