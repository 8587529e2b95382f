"""What of an order the owner has to see: pure rules from facts to lines of the "needs you" list."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from storefront.core import money
from storefront.orders.access import order_access
from storefront.orders.disputes import DISPUTE_STATUSES, AnswerStage, answer_stage
from storefront.orders.made_again import find_made_again
from storefront.orders.models import Order
from storefront.orders.notices import NoticeDraft, NoticeKind
from storefront.payments.fulfillment.doubles import pair_of
from storefront.stripe_api.seen import SeenAfterSale, SeenDispute, SeenRefund, SeenWarning


def draft_notices(
    order: Order, seen: SeenAfterSale | None, *, unknown_lines: Iterable[str], doubles: Iterable[str]
) -> list[NoticeDraft]:
    """Return what the owner's list has to say of this order now.

    `unknown_lines` are descriptions; `doubles` are numbers of other orders with the same lines and address.
    """
    return [
        *_of_sale(order, unknown_lines=unknown_lines, doubles=doubles),
        *(_of_after_sale(order, seen) if seen is not None else ()),
    ]


def _of_sale(order: Order, *, unknown_lines: Iterable[str], doubles: Iterable[str]) -> Iterator[NoticeDraft]:
    if order.is_paid:
        yield from (_unknown_line(order.number, line) for line in unknown_lines)
    if order.excess_minor:
        yield _excess(order)
    if order_access(order).allowed:
        yield from (_double(order.number, other) for other in doubles)


def _of_after_sale(order: Order, seen: SeenAfterSale) -> Iterator[NoticeDraft]:
    """Once an order is closed, nothing is left to do about a suspicion, or about a refund that came to nothing."""
    if order.is_disputed and not seen.disputes:
        yield _unreadable(order.number)
    for dispute in seen.disputes or ():
        yield from _dispute(order.number, dispute)
    if order_access(order).allowed:
        yield from _of_open_order(order.number, seen)


def find_unread(order: Order, seen: SeenAfterSale | None) -> Iterator[NoticeKind]:
    """Yield the kinds of which nothing is known now: nobody looked, or the key may not read their list."""
    if seen is None:
        yield from NoticeKind
        return
    if seen.disputes is None:
        yield NoticeKind.DISPUTE_OPEN
        yield NoticeKind.DISPUTE_UNKNOWN
    if order_access(order).allowed:
        yield from _unread_of_open_order(seen)


def _unread_of_open_order(seen: SeenAfterSale) -> Iterator[NoticeKind]:
    if seen.disputes is None:
        yield NoticeKind.DISPUTE_PAID_BACK
    if seen.warnings is None:
        yield NoticeKind.FRAUD_WARNING
    if seen.refunds is None:
        yield NoticeKind.REFUND_FAILED


def _of_open_order(number: str, seen: SeenAfterSale) -> Iterator[NoticeDraft]:
    for warning in seen.warnings or ():
        if warning.is_actionable:
            yield _suspicion(number, warning)
    for dispute in filter(attrgetter("is_paid_back"), seen.disputes or ()):
        yield _paid_back(number, dispute)
    yield from _failed_refunds(number, seen.refunds or ())


def _failed_refunds(number: str, refunds: Sequence[SeenRefund]) -> Iterator[NoticeDraft]:
    made_again = find_made_again(refunds)
    for refund in refunds:
        if not refund.counts and refund.id not in made_again:
            yield _failed_refund(number, refund)


def _suspicion(number: str, warning: SeenWarning) -> NoticeDraft:
    text = (
        f"Order {number}: the card's bank suspects fraud ({warning.fraud_type}). Refund it in the Stripe "
        "Dashboard if you do not know this buyer: a refund now is cheaper than a dispute later."
    )
    return NoticeDraft(kind=NoticeKind.FRAUD_WARNING, subject=warning.id, text=text)


def _failed_refund(number: str, refund: SeenRefund) -> NoticeDraft:
    amount = money.format_money(refund.amount_minor, refund.currency)
    ended = "was canceled" if refund.status == "canceled" else "failed"
    text = (
        f"Order {number}: the refund of {amount} {ended}, so the buyer has no money back and keeps what "
        "was bought. Refund again, or pay another way and withdraw the order: "
        f"`storefront orders decide {number} withdraw`."
    )
    return NoticeDraft(kind=NoticeKind.REFUND_FAILED, subject=refund.id, text=text)


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


def _excess(order: Order) -> NoticeDraft:
    amount = money.format_money(order.excess_minor, order.currency)
    what = "more than its price" if order.is_paid else "that was sent before the transfer was given up"
    text = (
        f"Order {order.number}: {amount} {what} lies in the buyer's cash balance at Stripe. Send it "
        "back from the customer's page in the Stripe Dashboard, or keep it for their next order if they agree."
    )
    return NoticeDraft(kind=NoticeKind.EXCESS_PAID, subject=order.number, text=text, names_amount=True)


def _unreadable(number: str) -> NoticeDraft:
    text = (
        f"Order {number} is disputed, and the shop may not read the dispute, so access stays as it is. "
        "Let STRIPE_SECRET_KEY read disputes, or decide yourself: `storefront orders decide`."
    )
    return NoticeDraft(kind=NoticeKind.DISPUTE_UNKNOWN, subject=number, text=text)


def _dispute(number: str, dispute: SeenDispute) -> Iterator[NoticeDraft]:
    if dispute.status not in DISPUTE_STATUSES:
        yield _unknown_status(number, dispute)
        return
    stage = answer_stage(dispute.status)
    if stage is not None:
        yield _to_answer(number, dispute, stage)


def _paid_back(number: str, dispute: SeenDispute) -> NoticeDraft:
    """Stripe does not say whether such money shows as a refund, so access waits for the owner."""
    amount = money.format_money(dispute.amount_minor, dispute.currency)
    text = (
        f"Order {number}: a dispute over {amount} was prevented by refunding it, as Stripe says, and the "
        "order is not closed. Look at the payment in the Stripe Dashboard. Where the money went back, withdraw "
        f"the order: `storefront orders decide {number} withdraw`."
    )
    return NoticeDraft(kind=NoticeKind.DISPUTE_PAID_BACK, subject=dispute.id, text=text)


def _unknown_status(number: str, dispute: SeenDispute) -> NoticeDraft:
    text = (
        f"Order {number}: Stripe reports a dispute status that this shop does not know "
        f"(\u201c{dispute.status}\u201d). Access stays as it is: look at it in the Stripe Dashboard."
    )
    return NoticeDraft(kind=NoticeKind.DISPUTE_UNKNOWN, subject=dispute.id, text=text)


def _to_answer(number: str, dispute: SeenDispute, stage: AnswerStage) -> NoticeDraft:
    amount = money.format_money(dispute.amount_minor, dispute.currency)
    until = f" until {dispute.respond_by:%B} {dispute.respond_by.day}" if dispute.respond_by else ""
    what = "an inquiry" if stage is AnswerStage.INQUIRY else "a dispute"
    text = f"Order {number}: {what} over {amount} ({dispute.reason}). Answer it at the order, or in Stripe{until}."
    return NoticeDraft(kind=NoticeKind.DISPUTE_OPEN, subject=f"{dispute.id}:{stage.value}", text=text)
