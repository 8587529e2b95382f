"""Access is computed, never stored: one pure function from facts to "allowed" and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

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


SENTENCES = {
    Reason.PAID: "Paid.",
    Reason.FREE: "Free of charge.",
    Reason.PARTLY_REFUNDED: "A part of the price was refunded. Everything still works.",
    Reason.DISPUTE_WON: "Paid.",
    Reason.INQUIRY: "Paid. Your bank asked a question about this payment; everything still works.",
    Reason.DISPUTE_UNKNOWN: "Paid.",
    Reason.AWAITING_PAYMENT: "We are waiting for your bank. The purchase is yours when the money arrives.",
    Reason.PAYMENT_FAILED: "The payment did not go through, and nothing was delivered.",
    Reason.REFUNDED: "This order was refunded, so its keys and downloads no longer work.",
    Reason.DISPUTED: "The payment is disputed with the bank. Keys and downloads pause until that is settled.",
    Reason.DISPUTE_LOST: "The payment was taken back by the bank, so keys and downloads no longer work.",
    Reason.WITHDRAWN: "The shop has withdrawn this order. Please write to the shop if that is wrong.",
    Reason.ALLOWED_BY_SHOP: "The shop keeps this order open for you. Everything works.",
    Reason.ITEM_REFUNDED: "This part of the order was refunded, so its keys and downloads no longer work.",
}

# Every dispute status of API version 2026-10-28.endive by name; an unknown one keeps access.
DISPUTE_REASONS = {
    "needs_response": Reason.DISPUTED,
    "under_review": Reason.DISPUTED,
    "appeal_needs_response": Reason.DISPUTED,
    "appeal_under_review": Reason.DISPUTED,
    "lost": Reason.DISPUTE_LOST,
    "won": Reason.DISPUTE_WON,
    "prevented": Reason.DISPUTE_WON,
    "warning_needs_response": Reason.INQUIRY,
    "warning_under_review": Reason.INQUIRY,
    "warning_closed": Reason.INQUIRY,
}
# Of several disputes the one that weighs most decides: a later inquiry must not hide a lost one.
DISPUTE_WEIGHTS = (
    "lost", "needs_response", "under_review", "appeal_needs_response", "appeal_under_review",
    "warning_needs_response", "warning_under_review", "warning_closed", "prevented", "won",
)  # fmt: skip
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


def weightiest_dispute(statuses: Iterable[str]) -> str | None:
    """The status that decides; one we do not know weighs less than any we do, but more than none."""
    found = set(statuses)
    return next((status for status in DISPUTE_WEIGHTS if status in found), min(found, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    is_paid: bool
    has_failed: bool
    total_minor: int
    refunded_minor: int
    is_disputed: bool
    dispute_status: str | None
    decision: Decision
    is_item_refunded: bool = False  # of the one item that is asked about


@dataclass(frozen=True, slots=True)
class Access:
    allowed: bool
    reason: Reason

    @property
    def sentence(self) -> str:
        """What a buyer reads."""
        return SENTENCES[self.reason]


def _reason(facts: Facts) -> Reason:
    if facts.decision is Decision.WITHDRAW:
        return Reason.WITHDRAWN
    if not facts.is_paid:
        return Reason.PAYMENT_FAILED if facts.has_failed else Reason.AWAITING_PAYMENT
    if facts.decision is Decision.ALLOW:
        return Reason.ALLOWED_BY_SHOP
    if facts.total_minor == 0:
        return Reason.FREE
    if facts.refunded_minor >= facts.total_minor:
        return Reason.REFUNDED
    dispute = _dispute_reason(facts)
    if dispute in DENYING:
        return dispute
    if facts.is_item_refunded:
        return Reason.ITEM_REFUNDED
    if dispute is not None:
        return dispute
    return Reason.PARTLY_REFUNDED if facts.refunded_minor else Reason.PAID


def _dispute_reason(facts: Facts) -> Reason | None:
    if facts.dispute_status is None:
        return Reason.DISPUTE_UNKNOWN if facts.is_disputed else None
    return DISPUTE_REASONS.get(facts.dispute_status, Reason.DISPUTE_UNKNOWN)


def access(facts: Facts) -> Access:
    """The one rule everything that hands something out asks, on every request."""
    reason = _reason(facts)
    return Access(reason not in DENYING, reason)


def facts_of(order: Order) -> Facts:
    return Facts(
        is_paid=order.is_paid,
        has_failed=order.has_failed,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        is_disputed=order.is_disputed,
        dispute_status=order.dispute_status,
        decision=order.decision,
    )


def item_facts(order: Order, item: OrderItem) -> Facts:
    """Of one line: a refund may name it while the others keep working."""
    return replace(facts_of(order), is_item_refunded=item.is_refunded)


def item_access(order: Order, item: OrderItem) -> Access:
    return access(item_facts(order, item))
