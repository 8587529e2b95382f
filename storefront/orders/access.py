"""Access is computed, never stored: one pure function from facts to "allowed" and why."""

from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core.texts import marked
from storefront.orders.disputes import DISPUTE_STATUSES, DisputeEffect
from storefront.orders.facts import ALL_ITEMS_REFUNDED, Facts, facts_of, item_facts
from storefront.orders.models import Decision, Order, OrderItem


class Reason(StrEnum):
    PAID = "paid"
    FREE = "free"
    PARTLY_REFUNDED = "partly_refunded"
    DISPUTE_WON = "dispute_won"
    INQUIRY = "inquiry"
    DISPUTE_UNKNOWN = "dispute_unknown"
    AWAITING_PAYMENT = "awaiting_payment"
    PAYMENT_FAILED = "payment_failed"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DISPUTE_LOST = "dispute_lost"
    WITHDRAWN = "withdrawn"
    ALLOWED_BY_SHOP = "allowed_by_shop"
    ITEM_REFUNDED = "item_refunded"


OVER = (Reason.PAYMENT_FAILED, Reason.REFUNDED, Reason.ITEM_REFUNDED, Reason.DISPUTE_LOST, Reason.WITHDRAWN)
SENTENCES = {
    Reason.PAID: marked("Paid."),
    Reason.FREE: marked("Free of charge."),
    Reason.PARTLY_REFUNDED: marked("Part of the price was refunded. Everything still works."),
    Reason.DISPUTE_WON: marked("Paid."),
    Reason.INQUIRY: marked("Paid. Your bank asked a question about this payment; everything still works."),
    Reason.DISPUTE_UNKNOWN: marked("Paid."),
    Reason.AWAITING_PAYMENT: marked("We're waiting for your bank. You get everything once the payment arrives."),
    Reason.PAYMENT_FAILED: marked("The payment didn't go through, so nothing was delivered."),
    Reason.REFUNDED: marked("This order was refunded, so its keys and downloads no longer work."),
    Reason.DISPUTED: marked("Your keys and downloads are on hold until the dispute with the bank is resolved."),
    Reason.DISPUTE_LOST: marked("The bank took the payment back, so its keys and downloads no longer work."),
    Reason.WITHDRAWN: marked("The shop has withdrawn this order. Please contact the shop if this is a mistake."),
    Reason.ALLOWED_BY_SHOP: marked("The shop keeps this order open for you. Everything works."),
    Reason.ITEM_REFUNDED: marked("This part of the order was refunded, so its keys and downloads no longer work."),
}

# Of a gift, for who paid it: the keys are somebody else's.
_FOR_GIVER = SENTENCES | {
    Reason.PARTLY_REFUNDED: marked("Part of the price was refunded. The gift works as before."),
    Reason.INQUIRY: marked("Paid. Your bank asked a question about this payment; the gift still works."),
    Reason.AWAITING_PAYMENT: marked("We're waiting for your bank. We send the gift once the payment arrives."),
    Reason.PAYMENT_FAILED: marked("The payment didn't go through, so the gift wasn't sent."),
    Reason.REFUNDED: marked("This order was refunded, so the gift no longer works."),
    Reason.DISPUTED: marked("The gift is on hold until the dispute with the bank is resolved."),
    Reason.DISPUTE_LOST: marked("The bank took the payment back, so the gift no longer works."),
    Reason.ITEM_REFUNDED: marked("This part of the gift was refunded, so it no longer works."),
}

# Of an upgrade, for who paid it: it has no keys, and those that it was for go on as before.
_UPGRADE_REFUNDED = marked("This upgrade was refunded, so it no longer counts. What you had before is as it was.")
_FOR_UPGRADE = SENTENCES | {
    Reason.AWAITING_PAYMENT: marked("We're waiting for your bank. You get the upgrade once the payment arrives."),
    Reason.PAYMENT_FAILED: marked("The payment didn't go through, so nothing was upgraded."),
    Reason.REFUNDED: _UPGRADE_REFUNDED,
    Reason.DISPUTED: marked(
        "This upgrade is on hold until the dispute with the bank is resolved. What you had before is as it was."
    ),
    Reason.DISPUTE_LOST: marked(
        "The bank took the payment back, so this upgrade no longer counts. What you had before is as it was."
    ),
    Reason.ITEM_REFUNDED: _UPGRADE_REFUNDED,
}

GIFT_CLOSED = marked(
    "This gift doesn't work right now: its keys and downloads are closed. Please ask who gave it to you."
)
GIFT_PART_CLOSED = marked("This part of the gift no longer works.")

_DISPUTE_REASONS = {
    DisputeEffect.LOST: Reason.DISPUTE_LOST,
    DisputeEffect.OPEN: Reason.DISPUTED,
    DisputeEffect.INQUIRY: Reason.INQUIRY,
    DisputeEffect.WON: Reason.DISPUTE_WON,
}
DENYING = frozenset(
    {
        Reason.AWAITING_PAYMENT,
        Reason.PAYMENT_FAILED,
        Reason.REFUNDED,
        Reason.DISPUTED,
        Reason.DISPUTE_LOST,
        Reason.WITHDRAWN,
        Reason.ITEM_REFUNDED,
    }
)


@dataclass(frozen=True, slots=True)
class Access:
    allowed: bool
    reason: Reason

    @property
    def is_over(self) -> bool:
        """Tell whether nothing is to come of it, as far as anybody knows: not of what waits, or is in dispute."""
        return self.reason in OVER

    @property
    def sentence(self) -> str:
        """Return what a buyer reads."""
        return SENTENCES[self.reason]


def _reason(facts: Facts) -> Reason:
    if facts.decision is Decision.WITHDRAW:
        return Reason.WITHDRAWN
    if not facts.is_paid:
        return Reason.PAYMENT_FAILED if facts.has_failed else Reason.AWAITING_PAYMENT
    if facts.decision is Decision.ALLOW:
        return Reason.ALLOWED_BY_SHOP
    if facts.is_free:
        return Reason.FREE
    if facts.is_fully_refunded:
        return Reason.REFUNDED
    return _reason_after_sale(facts)


def _reason_after_sale(facts: Facts) -> Reason:
    """Return the reason of a paid order that was not refunded whole: a dispute that closes it comes first."""
    dispute = _dispute_reason(facts)
    if dispute in DENYING:
        return dispute
    if facts.is_item_refunded:
        return Reason.ITEM_REFUNDED
    if dispute is not None:
        return dispute
    return Reason.PARTLY_REFUNDED if facts.has_refund else Reason.PAID


def _dispute_reason(facts: Facts) -> Reason | None:
    if facts.dispute_status is None:
        return Reason.DISPUTE_UNKNOWN if facts.is_disputed else None
    status = DISPUTE_STATUSES.get(facts.dispute_status)
    return _DISPUTE_REASONS[status.effect] if status is not None else Reason.DISPUTE_UNKNOWN


def access(facts: Facts) -> Access:
    """Return whether keys and files may be handed out, and why. Whatever hands something out asks it each time."""
    reason = _reason(facts)
    return Access(reason not in DENYING, reason)


def sentence_for_holder(order: Order, access: Access) -> str:
    """Return what who has the keys reads. Of a gift it says nothing of its giver's payment."""
    if not order.is_gift or access.allowed:
        return access.sentence
    return GIFT_PART_CLOSED if access.reason is Reason.ITEM_REFUNDED else GIFT_CLOSED


def sentence_for_buyer(access: Access, *, is_gift: bool = False, is_upgrade: bool = False) -> str:
    """Return what who paid reads. Of a gift it speaks of no keys, since somebody else has them.

    An upgrade, which is alone in its order, has none.
    """
    if is_upgrade:
        return _FOR_UPGRADE[access.reason]
    return _FOR_GIVER[access.reason] if is_gift else access.sentence


def order_access(order: Order) -> Access:
    return access(facts_of(order))


def access_of_all(facts: Facts) -> Access:
    """Return the access of an order whose facts say whether refunds closed every item: then it is refunded."""
    found = access(facts)
    return Access(allowed=False, reason=Reason.REFUNDED) if found.reason is Reason.ITEM_REFUNDED else found


def read_access(session: Session, order: Order) -> Access:
    """Return an order's access, refunded also where that closed its items one by one.

    One statement where a part was refunded.
    """
    found = order_access(order)
    if not found.allowed or not order.refunded_minor:
        return found
    are_refunded = session.scalar(select(ALL_ITEMS_REFUNDED).where(Order.id == order.id))
    return access_of_all(replace(facts_of(order), is_item_refunded=bool(are_refunded)))


def item_access(order: Order, item: OrderItem) -> Access:
    return access(item_facts(order, item))
