"""Mails that have not left go to the address that an order has now, also one that a worker holds in its hands."""

from collections.abc import Callable

import pytest
from flask import Flask

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.library.resend import resend
from storefront.mail.models import OutboxMessage
from tests.mail.promises import NotTrueAnyMore, deliver, promise, row
from tests.support.factories import make_order

WRONG, RIGHT = "1@shop.example", "right@shop.example"


@pytest.mark.parametrize(
    "move", [lambda: resend("ORDER1", to=RIGHT), lambda: move_customer(WRONG, RIGHT)], ids=["order", "customer"]
)
def test_takes_along_a_mail_that_could_not_be_sent_at_that_moment(app: Flask, move: Callable[[], object]) -> None:
    promise(app, make_order(app), recipient=WRONG, hold=False)

    def correct(_message: OutboxMessage) -> NotTrueAnyMore:
        """While a worker waits for a mail server that says nothing."""
        move()
        return NotTrueAnyMore("not now", may_return=True)

    deliver(app, correct)
    assert (row(app)["state"], row(app)["recipient"]) == ("paused", RIGHT)
