"""What a buyer reads of an order's state, its receipt and its price: words from facts."""

from sqlalchemy import bindparam, select

from storefront.core.db import db
from storefront.core.languages import show_money
from storefront.core.texts import marked
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.orders.access import Access, Reason
from storefront.orders.models import Order

SOME_ITEMS_REFUNDED = marked("Part of this order was refunded. Below you see what still works.")
SOME_ITEMS_BEING_REFUNDED = marked("Part of this order is being refunded. Below you see what still works.")

_STATES = {
    Reason.AWAITING_PAYMENT: "awaiting_payment",
    Reason.PAYMENT_FAILED: "failed",
    Reason.REFUNDED: "refunded",
    Reason.DISPUTED: "disputed",
    Reason.DISPUTE_LOST: "dispute_lost",
    Reason.WITHDRAWN: "withdrawn",
}
_outbox = OutboxMessage.__table__.c
_RECEIPT = (  # built once: each page of an order asks
    select(_outbox.state)
    .where(_outbox.order_id == bindparam("of_order"), _outbox.kind == MailKind.RECEIPT)
    .order_by(_outbox.id.desc())
    .limit(1)
)
_MAIL_STATES = {
    MailState.QUEUED: "on_its_way",
    MailState.SENDING: "on_its_way",
    MailState.SENT: "sent",
    MailState.FAILED: "failed",
    MailState.CANCELED: "none",
    MailState.PAUSED: "none",
}


def discount_label(code: str | None) -> str:
    """Return what stands before the amount that came off."""
    return marked("Discount (%(code)s)", code=code) if code else marked("Discount")


def order_state(access: Access) -> str:
    """Return the word that templates choose a text by: `fulfilled`, or why the order is not open."""
    return _STATES.get(access.reason, "fulfilled")


def receipt_state(order: Order) -> str:
    """Return where the newest receipt is: `on_its_way`, `sent`, `failed` or `none`. One statement."""
    state = db.session.scalar(_RECEIPT, {"of_order": order.id})
    return _MAIL_STATES[state] if state else "none"


def presentment(order: Order) -> str | None:
    """Return what the buyer's bank shows where Checkout converted the price; None in the shop's own currency."""
    currency = order.presentment_currency
    if not currency or order.presentment_minor is None or currency == order.currency:
        return None
    return show_money(order.presentment_minor, currency)
