"""Mails that are promised and delivered without a sale, and composers that need no order."""

from dataclasses import dataclass
from typing import Any

from flask import Flask

from storefront.core.db import db, transaction
from storefront.mail import outbox
from storefront.mail.delivery import Composer, deliver_due
from storefront.mail.letter import Mail
from storefront.mail.models import MailKind, OutboxMessage
from storefront.mail.trouble import MailTrouble, mail_trouble
from tests.support.rows import read_rows


@dataclass(frozen=True, slots=True)
class NotTrueAnyMore:
    reason: str
    may_return: bool = False


def promise(app: Flask, order_id: int, **how: Any) -> bool:
    values = {"kind": MailKind.RECEIPT, "mode": "sandbox", "recipient": "ada@shop.example"} | how
    with app.app_context(), transaction() as session:
        return outbox.promise_once(session, order_id=order_id, **values)


def release(app: Flask, order_id: int) -> None:
    with app.app_context(), transaction() as session:
        outbox.release(session, order_id)


def claim(app: Flask) -> int | None:
    with app.app_context():
        return outbox.claim_next()


def compose(message: OutboxMessage) -> Mail:
    return Mail(
        recipient=message.recipient,
        message_id=message.message_id,
        subject="Your keys",
        text="Here they are: ä € 漢",
        html="<p>Here they are: ä € 漢</p>",
    )


def deliver(app: Flask, composer: Composer = compose) -> int:
    with app.app_context():
        try:
            return deliver_due(composer)
        finally:
            db.session.remove()


def rows(app: Flask) -> list[dict[str, Any]]:
    return read_rows(
        app, "SELECT id, state, attempts, last_error, recipient, message_id, claimed_at FROM outbox ORDER BY id"
    )


def row(app: Flask) -> dict[str, Any]:
    (only_row,) = rows(app)
    return only_row


def read_trouble(app: Flask) -> MailTrouble:
    with app.app_context():
        trouble = mail_trouble()
        db.session.remove()
    return trouble


def states(app: Flask) -> list[str]:
    return [message["state"] for message in rows(app)]
