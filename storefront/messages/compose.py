"""Every email we send, on one page. Rendered when it leaves, after `access()`: no key leaves after a refund."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import render_template

from storefront.db import db
from storefront.library.purchase import Purchase, read_purchase
from storefront.mail.models import OutboxMessage
from storefront.mail.outbox import PAYMENT_FAILED, RECEIPT, WAITING_FOR_BANK
from storefront.mail.transport import Mail
from storefront.orders.models import Order
from storefront.web import settings


@dataclass(frozen=True, slots=True)
class Canceled:
    """The mail is not true any more; `reason` is kept on its row."""

    reason: str


def _check_receipt(purchase: Purchase) -> Canceled | None:
    return None if purchase.access_allowed else Canceled(purchase.access_reason)


def _check_waiting(purchase: Purchase) -> Canceled | None:
    return None if purchase.state == "awaiting_payment" else Canceled("the bank has answered meanwhile")


def _check_failed(purchase: Purchase) -> Canceled | None:
    return None if purchase.state == "failed" else Canceled("the payment went through after all")


CHECKS: dict[str, Callable[[Purchase], Canceled | None]] = {
    RECEIPT: _check_receipt,
    WAITING_FOR_BANK: _check_waiting,
    PAYMENT_FAILED: _check_failed,
}


def compose(message: OutboxMessage) -> Mail | Canceled:
    """The folder `templates/mail/<kind>/` holds subject, text and HTML."""
    order = db.session.get_one(Order, message.order_id)
    purchase = read_purchase(order)
    canceled = CHECKS[message.kind](purchase)
    if canceled:
        return canceled
    folder = f"mail/{message.kind}"
    context = {
        "purchase": purchase,
        "shop": settings(),
        "order_url": purchase.order_url,
        "again_url": purchase.again_url,
    }
    return Mail(
        recipient=message.recipient,
        message_id=message.message_id,
        subject=" ".join(render_template(f"{folder}/subject.txt", **context).split()),
        text=render_template(f"{folder}/body.txt", **context),
        html=render_template(f"{folder}/body.html", **context),
    )
