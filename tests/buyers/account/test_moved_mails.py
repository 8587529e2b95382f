"""Mails that have not left go to the address that an order has now, also one that a worker holds in its hands."""

from collections.abc import Callable

import pytest
from flask import Flask

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.library.resend import resend
from storefront.mail.models import MailKind, OutboxMessage
from storefront.mail.retry import Retried, retry_all_failed
from tests.mail.promises import NotTrueAnyMore, deliver, promise, row
from tests.support.factories import make_order
from tests.support.rows import change_rows, read_rows

WRONG, RIGHT = "1@shop.example", "right@shop.example"


both_ways = pytest.mark.parametrize(
    "move", [lambda: resend("ORDER1", to=RIGHT), lambda: move_customer(WRONG, RIGHT)], ids=["order", "customer"]
)


@both_ways
def test_takes_along_a_mail_that_could_not_be_sent_at_that_moment(app: Flask, move: Callable[[], object]) -> None:
    promise(app, make_order(app), recipient=WRONG, hold=False)

    def correct(_message: OutboxMessage) -> NotTrueAnyMore:
        """While a worker waits for a mail server that says nothing."""
        move()
        return NotTrueAnyMore("not now", may_return=True)

    deliver(app, correct)
    assert (row(app)["state"], row(app)["recipient"]) == ("paused", RIGHT)


@both_ways
def test_blames_no_address_for_what_came_back_from_the_one_before(app: Flask, move: Callable[[], object]) -> None:
    promise(app, make_order(app), recipient=WRONG, hold=False, kind=MailKind.REFUNDED)
    change_rows(app, "UPDATE outbox SET state = 'failed', last_error = 'bounced (5.1.1)'")
    with app.test_request_context():
        assert retry_all_failed() == Retried(queued=0, left_out=1)
        move()
        assert retry_all_failed() == Retried(queued=1, left_out=0)
    said = read_rows(app, "SELECT recipient, last_error FROM outbox WHERE kind = 'refunded'")
    assert said == [{"recipient": RIGHT, "last_error": "at the address before: bounced (5.1.1)"}]
