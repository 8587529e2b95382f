"""What Stripe says of a sale and our rows do not: sentences for the report. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core import money
from storefront.core.db import db
from storefront.orders.after_sale import Dispute, FraudWarning, Refund
from storefront.orders.models import Order
from storefront.orders.queries import find_order
from storefront.payments.fulfillment.recognize import recognize_checkout
from storefront.stripe_api.seen import SeenAfterSale, SeenCheckout


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`order_number` is None for a sale that is not known here. No sentence holds a key or an address."""

    order_number: str | None
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        about = f"Order {self.order_number}" if self.order_number else "A sale"
        return f"{about}: {'; '.join(self.sentences)}."


def find_difference(seen: SeenCheckout) -> Difference | None:
    """None when there is nothing to repair: our rows agree, or the Session is not this shop's."""
    if seen.status != "complete" or recognize_checkout(seen) is None:
        return None
    order = find_order(seen.id)
    if order is None:
        total = money.format_money(seen.total_minor, seen.currency)
        word = "paid" if seen.is_paid else "failed" if seen.has_failed else "waiting for the bank"
        return Difference(order_number=None, sentences=(f"not known here, {total}, {word}",))
    sentences = tuple(_compare(order, seen))
    return Difference(order_number=order.number, sentences=sentences) if sentences else None


def _compare(order: Order, seen: SeenCheckout) -> Iterator[str]:
    if seen.is_paid and not order.is_paid:
        yield "paid at Stripe, waiting here"
    elif seen.is_paid and order.fulfilled_at is None:
        yield "paid, but nothing was handed out"
    if seen.has_failed and not order.has_failed and not order.is_paid:
        yield "the bank said no, waiting here"
    payment = seen.payment
    if payment is None:
        return
    if payment.refunded_minor != order.refunded_minor:
        there = money.format_money(payment.refunded_minor, order.currency)
        here = money.format_money(order.refunded_minor, order.currency)
        yield f"{there} refunded at Stripe, {here} here"
    if payment.is_disputed and not order.is_disputed:
        yield "disputed at Stripe, not here"
    if payment.after_sale is not None:
        yield from _compare_after_sale(order, payment.after_sale)


def _compare_after_sale(order: Order, seen: SeenAfterSale) -> Iterator[str]:
    refunds = _statuses(order, Refund)
    for refund in seen.refunds or ():
        if refunds.get(refund.id) != refund.status:
            amount = money.format_money(refund.amount_minor, refund.currency)
            yield f"a refund of {amount} is {refund.status} at Stripe, {refunds.get(refund.id, 'unknown')} here"
    disputes = _statuses(order, Dispute)
    for dispute in seen.disputes or ():
        if disputes.get(dispute.id) != dispute.status:
            yield f"a dispute is {dispute.status} at Stripe, {disputes.get(dispute.id, 'unknown')} here"
    rows = db.session.execute(
        select(FraudWarning.id, FraudWarning.is_actionable).where(FraudWarning.order_id == order.id)
    )
    warnings = {row.id: row.is_actionable for row in rows}
    for warning in seen.warnings or ():
        if warnings.get(warning.id) is not warning.is_actionable:
            yield "an early fraud warning is not known here as it is at Stripe"


def _statuses(order: Order, model: type[Refund] | type[Dispute]) -> dict[str, str]:
    rows = db.session.execute(select(model.id, model.status).where(model.order_id == order.id))
    return {row.id: row.status for row in rows}
