"""The report of a pass, to its owner: whole and legal however much there is to say, and whoever named things."""

from typing import Any

from flask import Flask

from storefront.core.db import db, transaction
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail import outbox
from storefront.mail.delivery import deliver_due
from storefront.mail.models import MailKind
from storefront.messages.compose import compose
from storefront.payments.reconcile.models import ReconcilePass
from tests.mail.promises import row
from tests.mail.smtp_server import use_server
from tests.mail.strict import read_strictly, sender_of, text_of
from tests.support.factories import NOON
from tests.support.rows import change_rows

SHOP_NAME = 'Töne, "Fonts" & more (Inc.) ' + "é" * 80


def lines(count: int) -> list[dict[str, Any]]:
    text = "Order {number} has no key: import some for " + "Very Long Product, Team Edition " * 8
    return [
        {"kind": "backordered", "subject": str(number), "text": text.format(number=number)}
        for number in range(count)
    ]


def promise_report() -> None:
    with transaction() as session:
        done = ReconcilePass(mode="sandbox", since=NOON, step="waiting", needs_you=lines(60), fixed=lines(2))
        session.add(done)
        session.flush()
        outbox.promise(
            session,
            kind=MailKind.RECONCILE_REPORT,
            order_id=None,
            mode="sandbox",
            recipient="owner@storefront.example",
            about=str(done.id),
            hold=False,
        )


def test_brings_sixty_notices_of_long_names_in_legal_lines(
    app: Flask, mailbox: MailboxServer, environment: dict[str, str]
) -> None:
    use_server(app, environment, mailbox.smtp_port, SHOP_NAME=SHOP_NAME)
    with app.app_context():
        promise_report()
        assert deliver_due(compose) == 1
        db.session.remove()
    assert (row(app)["state"], row(app)["last_error"]) == ("sent", None)
    (arrived,) = mailbox.find()
    message = read_strictly(arrived.raw)
    assert "needs you: 60 things to look at" in str(message["Subject"])
    assert sender_of(message)[0].startswith('Töne, "Fonts" & more (Inc.) é')
    for subtype in ("plain", "html"):
        assert all(f"Order {number} has no key" in text_of(message, subtype) for number in range(60))


def test_cancels_the_report_of_a_pass_that_was_forgotten(app: Flask) -> None:
    """As where one that failed is sent again months later."""
    with app.app_context():
        promise_report()
        change_rows(app, "DELETE FROM reconcile_passes")
        assert deliver_due(compose) == 1
        db.session.remove()
    assert (row(app)["state"], row(app)["last_error"]) == ("canceled", "what it tells of was deleted")
