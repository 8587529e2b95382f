"""A mail whose order is closed waits as the same row, and is looked at again also when nobody says so."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core.db import db, transaction
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail import outbox
from storefront.mail.letter import Mail
from storefront.mail.models import MailKind, OutboxMessage
from storefront.mail.pausing import resume
from storefront.messages.compose import compose as compose_really
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from tests.mail.promises import NotTrueAnyMore, compose, deliver, promise, row, rows
from tests.support.databases import BOTH
from tests.support.factories import NOON, make_order
from tests.support.rows import change_rows

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
CLOSED = NotTrueAnyMore("disputed", may_return=True)


def resume_it(app: Flask, order_id: int) -> bool:
    with app.app_context():
        with transaction() as session:
            has_resumed = resume(session, order_id, [])
        db.session.remove()
        return has_resumed


def test_waits_without_counting_its_tries(app: Flask, mailbox: MailboxServer) -> None:
    with time_machine.travel(NOON, tick=False):
        order_id = make_order(app)
        promise(app, order_id, hold=False)
        for _ in range(outbox.MAX_ATTEMPTS + 2):
            deliver(app, lambda _message: CLOSED)
            assert resume_it(app, order_id)
    assert (row(app)["state"], row(app)["attempts"]) == ("queued", 0)
    with time_machine.travel(NOON, tick=False):
        deliver(app)
    assert (row(app)["state"], len(mailbox.messages())) == ("sent", 1)
    assert not resume_it(app, order_id)
    deliver(app)
    assert len(mailbox.messages()) == 1


def test_is_looked_at_ever_more_seldom_when_nobody_says_that_it_opened(app: Flask, mailbox: MailboxServer) -> None:
    looks = []
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
    for minute in range(0, 24 * 60, 2):
        with time_machine.travel(NOON + timedelta(minutes=minute), tick=False):
            if deliver(app, lambda _message: CLOSED):
                looks.append(minute)
    assert looks[0] == 0
    assert looks[1] == 2
    assert 8 < len(looks) < 20
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        deliver(app)
    assert (row(app)["state"], len(mailbox.messages())) == ("sent", 1)


@both
def test_is_not_taken_for_the_mail_of_a_clock_that_was_ahead(app: Flask, mailbox: MailboxServer) -> None:
    """The next look at one of three days is more than a day away, also where a server once refused it."""
    mailbox.trouble.refuse_times = 1
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
        deliver(app)
    with time_machine.travel(NOON + timedelta(days=3), tick=False), app.app_context():
        assert deliver(app, lambda _message: CLOSED) == 1
        assert outbox.bring_forward() == 0
    assert row(app)["state"] == "paused"


def test_looks_again_at_an_order_that_opens_while_its_mail_is_looked_at(
    app: Flask, mailbox: MailboxServer
) -> None:
    """Give the order back after the worker read that it is closed, and before it writes that down."""
    order_id = make_order(app)
    promise(app, order_id, hold=False)

    looks: list[int] = []

    def look(message: OutboxMessage) -> Mail | NotTrueAnyMore:
        looks.append(message.attempts)
        if len(looks) > 1:
            return compose(message)
        assert resume_it(app, order_id)
        return CLOSED

    assert deliver(app, look) == 2
    assert looks == [1, 1]
    assert (row(app)["state"], len(mailbox.messages())) == ("sent", 1)


def test_lets_the_newest_go_on_of_several_that_tell_the_same(app: Flask, mailbox: MailboxServer) -> None:
    order_id, other = make_order(app), make_order(app)
    for again in ("", "1", "2"):
        promise(app, order_id, again=again, hold=False)
    promise(app, other, hold=False)
    deliver(app, lambda _message: CLOSED)
    assert resume_it(app, order_id)
    assert [message["state"] for message in rows(app)] == ["canceled", "canceled", "queued", "paused"]


@pytest.mark.parametrize("kind", [MailKind.WAITING_FOR_BANK, MailKind.PAYMENT_FAILED])
def test_goes_on_too_after_the_owner_withdrew_what_was_not_paid_yet(
    app: Flask, mailbox: MailboxServer, kind: str
) -> None:
    order_id = make_order(app)
    if kind == MailKind.PAYMENT_FAILED:
        change_rows(app, "UPDATE orders SET has_failed = true")
    promise(app, order_id, kind=kind, hold=False)
    decisions = (Decision.WITHDRAW, Decision.FOLLOW_PAYMENT, Decision.WITHDRAW, Decision.FOLLOW_PAYMENT)
    for decision, state in zip(decisions, ("paused", "sent", "sent", "sent"), strict=True):
        with app.app_context():
            decide("ORDER1", decision)
            db.session.remove()
        deliver(app, compose_really)
        assert row(app)["state"] == state
    assert len(mailbox.messages()) == 1


@pytest.mark.parametrize(
    ("kind", "fact", "reason"),
    [
        (MailKind.WAITING_FOR_BANK, "is_paid", "the bank has answered meanwhile"),
        (MailKind.WAITING_FOR_BANK, "has_failed", "the bank has answered meanwhile"),
        (MailKind.PAYMENT_FAILED, "is_paid", "the payment went through after all"),
    ],
)
def test_is_canceled_when_it_can_never_be_true_again(
    app: Flask, mailbox: MailboxServer, kind: str, fact: str, reason: str
) -> None:
    order_id = make_order(app)
    promise(app, order_id, kind=kind, hold=False)
    change_rows(app, f"UPDATE orders SET {fact} = true")
    deliver(app, compose_really)
    assert (row(app)["state"], row(app)["last_error"]) == ("canceled", reason)
