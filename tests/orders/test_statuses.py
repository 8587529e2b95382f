"""Every refund and dispute status: what stays open, what the buyer reads, who is mailed, what needs the owner."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask

from storefront.stripe_api.gateway import GATEWAY, Gateway
from storefront.stripe_api.seen import SeenCheckout
from tests.support.databases import BOTH, mostly_sqlite
from tests.support.fulfill import look
from tests.support.gifts import ROSA, Received, give, hand_over, receive
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on

both = pytest.mark.parametrize("engine", BOTH, indirect=True)

PAID = "Paid."
REFUNDED = "This order was refunded, so its keys and downloads no longer work."
BEING_REFUNDED = "This order is being refunded, so its keys and downloads no longer work."
DISPUTED = "Your keys and downloads are on hold until the dispute with the bank is resolved."
LOST = "The bank took the payment back, so its keys and downloads no longer work."
INQUIRY = "Paid. Your bank asked a question about this payment; everything still works."

SENT = {"receipt": "sent"}
HELD_BACK = {"receipt": "paused"}


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
    "requires_action": Expected(False, BEING_REFUNDED, HELD_BACK | {"refunded": "sent"}),
    "succeeded": Expected(False, REFUNDED, HELD_BACK | {"refunded": "sent"}),
    "failed": Expected(True, PAID, SENT | {"refunded": "canceled"}, ("refund_failed",)),
    "canceled": Expected(True, PAID, SENT | {"refunded": "canceled"}, ("refund_failed",)),
}
# https://docs.stripe.com/api/disputes/object, `status`, API version 2026-10-28.endive; and one that is not there.
DISPUTES = {
    "needs_response": Expected(False, DISPUTED, HELD_BACK | {"dispute_opened": "sent"}, ("dispute_open",)),
    "under_review": Expected(False, DISPUTED, HELD_BACK),
    "won": Expected(True, PAID, SENT),
    "lost": Expected(False, LOST, HELD_BACK),
    "prevented": Expected(True, PAID, SENT, ("dispute_paid_back",)),
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
        after_sale = seen.payment.after_sale
        if after_sale is None:
            return seen
        lists: dict[str, Any] = {
            name: tuple(replace(row, status=status) for row in getattr(after_sale, name))
            for name, status in self.statuses.items()
        }
        return replace(seen, payment=replace(seen.payment, after_sale=replace(after_sale, **lists)))


def assert_is(sale: Sale, expected: Expected) -> None:
    sale.work()
    page = sale.order_page()
    assert keys_on(page) == (sale.keys if expected.allowed else [])
    assert ("/downloads/" in page) is expected.allowed
    assert expected.sentence in sale.words()
    assert list(sale.promised().items()) == list(expected.mails.items())
    assert tuple(sale.open_notices()) == expected.notices


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient, mailbox: Any) -> Sale:
    """Paid, and shown to its buyer; no event has come and no mail has left."""
    return sell(app, sandbox)


@pytest.mark.parametrize(("engine", "status"), mostly_sqlite(REFUNDS, "succeeded", "failed"), indirect=["engine"])
def test_follows_every_refund_status(sale: Sale, status: str) -> None:
    refund = sale.at_charge("refund", outcome="pending")
    if status == "requires_action":
        reworded = RewordingGateway(GATEWAY.get(sale.app), refunds=status)
        GATEWAY.set(reworded, sale.app)
    sale.deliver("refund.", "charge.refunded")
    if status in ("succeeded", "failed", "canceled"):
        sale.sandbox.control(f"refunds/{refund}/settle", result=status)
        sale.deliver("refund.", "charge.refunded")
    sale.deliver(COMPLETED)
    assert_is(sale, REFUNDS[status])


@pytest.mark.parametrize(
    ("engine", "status"), mostly_sqlite(DISPUTES, "needs_response", "won", "lost"), indirect=["engine"]
)
def test_follows_every_dispute_status(sale: Sale, status: str) -> None:
    unknown = status == "sent_to_the_moon"
    if unknown:
        reworded = RewordingGateway(GATEWAY.get(sale.app), disputes=status)
        GATEWAY.set(reworded, sale.app)
    sale.at_charge("dispute", status="needs_response" if unknown else status)
    sale.deliver("charge.dispute.", COMPLETED)
    assert_is(sale, DISPUTES[status])


@both
@pytest.mark.parametrize("ended", ["won", "lost"])
def test_follows_an_inquiry_that_becomes_a_dispute_to_its_end(sale: Sale, ended: str) -> None:
    """A mail to the owner for each stage; none has left before the end, and none is true any more then."""
    dispute = sale.at_charge("dispute", status="warning_needs_response")
    sale.deliver("charge.dispute.", COMPLETED)
    for status in ("needs_response", "under_review", ended):
        sale.sandbox.control(f"disputes/{dispute}/move", status=status)
        sale.deliver("charge.dispute.")
    expected = DISPUTES[ended]
    assert_is(sale, replace(expected, mails=expected.mails | {"dispute_opened": "canceled"}))


@both
def test_counts_what_was_given_back_only_while_it_is(sale: Sale) -> None:
    """Two halves: full only together, and open again when one of them bounces."""
    for amount in (1000, 900):
        sale.at_charge("refund", amount=amount)
    sale.deliver("refund.", "charge.refunded")
    assert keys_on(sale.order_page()) == []
    newest = sale.sandbox.stripe.v1.refunds.list().data[0]
    sale.sandbox.control(f"refunds/{newest.id}/settle", result="failed")
    sale.deliver("refund.", "charge.refunded", COMPLETED)
    assert keys_on(sale.order_page()) == sale.keys
    assert read_rows(sale.app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1000}]


@both
def test_asks_the_owner_no_more_about_a_refund_that_failed_when_another_went_through(sale: Sale) -> None:
    first = sale.at_charge("refund", outcome="failed")
    sale.deliver("refund.", "charge.refunded")
    open_ones = "SELECT kind, subject FROM notices WHERE closed_at IS NULL"
    assert read_rows(sale.app, open_ones) == [{"kind": "refund_failed", "subject": first}]
    sale.refund()
    sale.deliver("refund.", "charge.refunded")
    assert read_rows(sale.app, open_ones) == []
    assert keys_on(sale.order_page()) == []


MONEY = re.compile(r"refund|dispute|bank|\$")


def refunds_in_turn(sale: Sale) -> Iterator[str]:
    """Three refunds of all of it, each to another end."""
    for ended in ("failed", "canceled", "succeeded"):
        refund = sale.at_charge("refund", outcome="pending")
        yield "pending"
        yield from reworded(sale, "refunds", "requires_action")
        sale.sandbox.control(f"refunds/{refund}/settle", result=ended)
        yield ended


def disputes_in_turn(sale: Sale) -> Iterator[str]:
    sale.at_charge("dispute")
    yield from reworded(sale, "disputes", *DISPUTES)


def reworded(sale: Sale, what: str, *statuses: str) -> Iterator[str]:
    real = GATEWAY.get(sale.app)
    for status in statuses:
        GATEWAY.set(RewordingGateway(real, **{what: status}), sale.app)
        yield status
    GATEWAY.set(real, sale.app)


@pytest.mark.parametrize(("in_turn", "table"), [(refunds_in_turn, REFUNDS), (disputes_in_turn, DISPUTES)])
def test_sends_and_closes_a_gift_by_every_status(
    app: Flask, sandbox: SandboxClient, mailbox: Any, in_turn: Any, table: dict[str, Expected]
) -> None:
    """One gift in all of them: it leaves at the first that is open, and then its receiver's side follows."""
    sale = give(app, sandbox)
    rosa: Received | None = None
    for status in in_turn(sale):
        look(app, sale.session_id)
        is_open = table[status].allowed
        if rosa is None:
            sale.buyer.post(f"{sale.link}/gift/send")
            assert hand_over(app) == 0
            assert len(mailbox.messages(to=ROSA)) == is_open, status
            rosa = receive(sale) if is_open else None
        else:
            assert rosa.opened() == {200 if is_open else 403}, status
            assert rosa.is_valid() is is_open, status
            assert keys_on(rosa.page()) == (rosa.keys if is_open else []), status
            assert not MONEY.search(rosa.page()), status
    assert hand_over(app) == 0
    assert len(mailbox.messages(to=ROSA)) == 1
    assert not keys_on(sale.order_page())


def test_knows_each_of_more_refunds_than_a_page_of_stripes_list_has(sale: Sale) -> None:
    for _ in range(101):
        sale.refund(amount=1)
    look(sale.app, sale.session_id)
    assert read_rows(sale.app, "SELECT count(*) AS n FROM refunds") == [{"n": 101}]
