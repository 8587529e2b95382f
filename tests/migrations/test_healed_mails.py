"""A shop of before canceled mails of closed orders for good: they are paused now, where nobody was told since."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.migrations import schema
from tests.mail.promises import promise
from tests.migrations.tables import go_down, go_up
from tests.support.databases import BOTH
from tests.support.factories import make_order
from tests.support.rows import change_rows, read_rows

pytestmark = pytest.mark.slow  # each goes through fifty versions and more, twice

CLOSED = "The payment is disputed with the bank."


def not_canceled(app: Flask) -> list[tuple[int, str, str]]:
    rows = read_rows(app, "SELECT order_id, kind, state FROM outbox WHERE state <> 'canceled' ORDER BY id")
    return [(row["order_id"], row["kind"], row["state"]) for row in rows]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_lets_a_mail_go_on_that_a_closed_order_ended(app: Flask) -> None:
    stopped, told, asked_again, erased = (make_order(app) for _ in range(4))
    for order_id in (stopped, told, asked_again):
        promise(app, order_id)
    promise(app, told, again="later")
    promise(app, erased, recipient="")
    promise(app, stopped, kind="waiting_for_bank")
    with app.app_context():
        go_down(app, "0007")
        db.session.remove()
    change_rows(
        app,
        f"UPDATE outbox SET state = 'canceled', last_error = '{CLOSED}'",
        f"UPDATE outbox SET state = 'sent', last_error = NULL WHERE dedupe_key = 'receipt:{told}:later'",
        f"UPDATE outbox SET last_error = 'a newer one was asked for' WHERE order_id = {asked_again}",
        "UPDATE outbox SET last_error = 'the bank has answered meanwhile' WHERE kind = 'waiting_for_bank'",
    )
    go_up(app, "0008")
    goes_on = [(stopped, "receipt", "paused"), (told, "receipt", "sent")]
    assert not_canceled(app) == goes_on
    with app.app_context():
        go_down(app, "0007")
        db.session.remove()
    assert not_canceled(app) == goes_on[1:]
    schema.upgrade(app)
    assert not_canceled(app) == goes_on


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_leaves_an_older_shop_no_reminder_that_it_cannot_write(app: Flask) -> None:
    order_id = make_order(app)
    promise(app, order_id)
    promise(app, order_id, kind="checkout_reminder")
    with app.app_context():
        go_down(app, "0027")
        db.session.remove()
    assert [row["kind"] for row in read_rows(app, "SELECT kind FROM outbox")] == ["receipt"]
