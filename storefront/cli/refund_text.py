"""A refund on a terminal, and what works after it."""

from collections.abc import Iterator

from storefront.cli.order_text import access_line, order_access_line
from storefront.core import money
from storefront.owner.history.order import OrderHistory
from storefront.stripe_api.seen import SeenRefund


def refund_lines(refund: SeenRefund, history: OrderHistory) -> Iterator[str]:
    amount = money.format_money(refund.amount_minor, refund.currency)
    yield f"Refund of {amount} for order {history.number}: {refund.status} ({refund.id})."
    if refund.answer_by:
        until = f"{refund.answer_by:%Y-%m-%d}"
        yield f"Stripe has emailed the buyer to ask where it should go. Without an answer by {until} it ends."
    if refund.counts:
        yield f"A mail tells {history.email}." if history.email else "No address is known, so nobody is told."
    yield from _what_works(history)


def _what_works(history: OrderHistory) -> Iterator[str]:
    refunded = money.format_money(history.refunded_minor, history.currency)
    total = money.format_money(history.total_minor, history.currency)
    yield f"Refunded so far: {refunded} of {total}."
    yield f"The order: {order_access_line(history)}"
    for item in history.items:
        if item.access != history.access:
            yield f"Item {item.position}, {item.description}: {access_line(item.access)}"
