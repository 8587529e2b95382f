"""What of an order the owner has to see: pure rules from facts to lines of the "needs you" list."""

from collections.abc import Iterable

from storefront.core import money
from storefront.orders.access import order_access
from storefront.orders.disputes import DISPUTE_STATUSES, AnswerStage, answer_stage
from storefront.orders.models import Order
from storefront.orders.notices import NoticeDraft, NoticeKind
from storefront.payments.fulfillment.doubles import pair_of
from storefront.stripe_api.seen import SeenAfterSale, SeenDispute


def draft_notices(
    order: Order, seen: SeenAfterSale | None, *, unknown_lines: Iterable[str], doubles: Iterable[str]
) -> list[NoticeDraft]:
    """`unknown_lines` are descriptions; `doubles` are numbers of other orders with the same lines and address."""
    number, found = order.number, []
    if order.is_paid:
        found += [_unknown_line(number, line) for line in unknown_lines]
    if order_access(order).allowed:
        found += [_double(number, other) for other in doubles]
    if order.is_disputed and order.dispute_status is None:
        found.append(_unreadable(number))
    if seen is None:
        return found
    for dispute in seen.disputes or ():
        found += _dispute(number, dispute)
    for warning in seen.warnings or ():
        if warning.is_actionable and order_access(order).allowed:
            text = (
                f"Order {number}: the card's bank suspects fraud ({warning.fraud_type}). Refund it in the Stripe "
                "Dashboard if you do not know this buyer: a refund now is cheaper than a dispute later."
            )
            found.append(NoticeDraft(kind=NoticeKind.FRAUD_WARNING, subject=warning.id, text=text))
    for refund in seen.refunds or ():
        # Refunded again, withdrawn, or taken back by the bank: nothing is left to do about the one that failed.
        if refund.status == "failed" and order_access(order).allowed:
            amount = money.format_money(refund.amount_minor, refund.currency)
            text = (
                f"Order {number}: the refund of {amount} failed, so the buyer has no money back and keeps what "
                "was bought. Refund again, or pay another way and withdraw the order: "
                f"`storefront orders decide {number} withdraw`."
            )
            found.append(NoticeDraft(kind=NoticeKind.REFUND_FAILED, subject=refund.id, text=text))
    return found


def _unknown_line(number: str, line: str) -> NoticeDraft:
    text = (
        f"Order {number} has a line this shop does not know: \u201c{line}\u201d. Nothing was handed out for it: "
        "write to the buyer, or refund that part."
    )
    return NoticeDraft(kind=NoticeKind.UNKNOWN_LINE, subject=f"{number}:{line}", text=text)


def _double(number: str, other: str) -> NoticeDraft:
    first, second = sorted((number, other))
    text = (
        f"Orders {first} and {second} have the same lines and address within 24 hours. "
        "If the buyer meant to pay once, refund one of them."
    )
    return NoticeDraft(kind=NoticeKind.DOUBLE_PURCHASE, subject=pair_of(number, other), text=text)


def _unreadable(number: str) -> NoticeDraft:
    text = (
        f"Order {number} is disputed, and the shop may not read the dispute, so access stays as it is. "
        "Let STRIPE_SECRET_KEY read disputes, or decide yourself: `storefront orders decide`."
    )
    return NoticeDraft(kind=NoticeKind.DISPUTE_UNKNOWN, subject=number, text=text)


def _dispute(number: str, dispute: SeenDispute) -> list[NoticeDraft]:
    if dispute.status not in DISPUTE_STATUSES:
        text = (
            f"Order {number}: Stripe reports a dispute status that this shop does not know "
            f"(\u201c{dispute.status}\u201d). Access stays as it is: look at it in the Stripe Dashboard."
        )
        return [NoticeDraft(kind=NoticeKind.DISPUTE_UNKNOWN, subject=dispute.id, text=text)]
    stage = answer_stage(dispute.status)
    if stage is None:
        return []
    amount = money.format_money(dispute.amount_minor, dispute.currency)
    until = f" until {dispute.respond_by:%B} {dispute.respond_by.day}" if dispute.respond_by else ""
    what = "an inquiry" if stage is AnswerStage.INQUIRY else "a dispute"
    text = f"Order {number}: {what} over {amount} ({dispute.reason}). Answer it in the Stripe Dashboard{until}."
    return [NoticeDraft(kind=NoticeKind.DISPUTE_OPEN, subject=f"{dispute.id}:{stage.value}", text=text)]
