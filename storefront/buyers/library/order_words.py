"""What a buyer reads of an order's state, its receipt and its price: words from facts."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from storefront.core.db import db
from storefront.core.languages import show_day, show_money
from storefront.core.texts import marked
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.orders.access import Access, Reason, sentence_for_buyer
from storefront.orders.after_sale import NOT_BACK, TO_ANSWER, Refund
from storefront.orders.models import Order
from storefront.shop.profile.zone import at_shop

BEING_REFUNDED = {  # by whether it is a gift
    False: marked("This order is being refunded, so its keys and downloads no longer work."),
    True: marked("This order is being refunded, so the gift no longer works."),
}
BEING_REFUNDED_UPGRADE = marked(
    "This upgrade is being refunded, so it no longer counts. What you had before is as it was."
)
SOME_ITEMS_REFUNDED = marked("Part of this order was refunded. Below you see what still works.")

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


def access_sentence(order: Order, access: Access, *, is_upgrade: bool) -> str:
    """Return what who paid reads of its access, with the day of a refund. One statement for a refunded order."""
    sentence = sentence_for_buyer(access, is_gift=order.is_gift, is_upgrade=is_upgrade)
    if access.reason is not Reason.REFUNDED:
        return sentence
    refunds = read_refunds(order)
    if not refunds:
        return sentence
    if any(refund.status == TO_ANSWER for refund in refunds):
        return BEING_REFUNDED_UPGRADE if is_upgrade else BEING_REFUNDED[order.is_gift]
    day = show_day(at_shop(refunds[-1].created_at))
    if is_upgrade:
        return marked(
            "This upgrade was refunded on %(day)s, so it no longer counts. What you had before is as it was.",
            day=day,
        )
    if order.is_gift:
        return marked("This order was refunded on %(day)s, so the gift no longer works.", day=day)
    return marked("This order was refunded on %(day)s, so its keys and downloads no longer work.", day=day)


def read_what_to_answer(order: Order) -> tuple[str, ...]:
    """Return a sentence for each refund that waits for its buyer. One statement for an order with a refund."""
    refunds = read_refunds(order) if order.refunded_minor else ()
    return tuple(filter(None, map(words_to_answer, refunds)))


def words_to_answer(refund: Refund) -> str:
    """Return what its buyer must do; nothing where Stripe knows where the money goes."""
    if refund.status != TO_ANSWER:
        return ""
    amount = show_money(refund.amount_minor, refund.currency)
    if refund.answer_by is None:
        return marked(
            "Stripe has emailed you to ask where the refund of %(amount)s should go. Answer that email, or the "
            "refund ends.",
            amount=amount,
        )
    return marked(
        "Stripe has emailed you to ask where the refund of %(amount)s should go. Answer that email by %(day)s, or "
        "the refund ends.",
        amount=amount,
        day=show_day(at_shop(refund.answer_by)),
    )


def read_refunds(order: Order) -> Sequence[Refund]:
    """Return what goes back, or has, oldest first."""
    return db.session.scalars(
        select(Refund)
        .where(Refund.order_id == order.id, Refund.status.not_in(NOT_BACK))
        .order_by(Refund.created_at, Refund.id)
        .execution_options(populate_existing=True)
    ).all()


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
