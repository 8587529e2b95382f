"""What Stripe says of a sale and our rows do not: sentences for the report. Reads only."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from storefront.buyers.reminders.left import is_kept
from storefront.core import money
from storefront.core.db import db
from storefront.orders.after_sale import Dispute, FraudWarning, Refund
from storefront.orders.models import Order
from storefront.orders.queries import find_order, speaks_of_balance
from storefront.orders.waits_for import to_keep
from storefront.payments.fulfillment.recognize import recognize_checkout
from storefront.payments.reconcile.known import read_known_refunds
from storefront.payments.recovery.find_left import find_left
from storefront.shop.catalog.recognized_lines import RecognizedLine
from storefront.stripe_api.seen import (
    SeenAfterSale,
    SeenCheckout,
    SeenDispute,
    SeenPayment,
    SeenRefund,
    SeenWarning,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`order_number` is None for a sale that is not known here. No sentence holds a key or an address."""

    order_number: str | None
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        about = f"Order {self.order_number}" if self.order_number else "A sale"
        return f"{about}: {'; '.join(self.sentences)}."


def _is_left(seen: SeenCheckout, lines: Mapping[str, RecognizedLine]) -> bool:
    return seen.status == "expired" and find_left(seen, lines) is not None and not is_kept(seen.id)


def find_difference(seen: SeenCheckout) -> Difference | None:
    """None when there is nothing to repair: our rows agree, or the Session is not this shop's."""
    lines = recognize_checkout(seen)
    if lines is None:
        return None
    if _is_left(seen, lines):
        return Difference(order_number=None, sentences=("expired, and its buyer agreed to be reminded of it",))
    if seen.status != "complete":
        return None
    order = find_order(seen.id)
    if order is None:
        total = money.format_money(seen.total_minor, seen.currency)
        return Difference(order_number=None, sentences=(f"not known here, {total}, {_word_for(seen)}",))
    sentences = tuple(_compare(order, seen))
    return Difference(order_number=order.number, sentences=sentences) if sentences else None


def _word_for(seen: SeenCheckout) -> str:
    if seen.is_paid:
        return "paid"
    return "failed" if seen.has_failed else "waiting for the bank"


def _compare(order: Order, seen: SeenCheckout) -> Iterator[str]:
    yield from _compare_sale(order, seen)
    yield from _compare_papers(order, seen)
    if seen.payment is not None:
        yield from _compare_payment(order, seen.payment)


def _compare_sale(order: Order, seen: SeenCheckout) -> Iterator[str]:
    is_waiting = not order.is_paid and not order.has_failed
    if seen.is_paid:
        yield from _compare_paid_sale(order)
    if seen.has_failed and is_waiting:
        yield "the bank said no, waiting here"


def _compare_paid_sale(order: Order) -> Iterator[str]:
    if not order.is_paid:
        yield f"paid at Stripe, {'failed' if order.has_failed else 'waiting'} here"
    elif order.fulfilled_at is None:
        yield "paid, but nothing was handed out"


def _compare_papers(order: Order, seen: SeenCheckout) -> Iterator[str]:
    """What Stripe tells of a Customer alone, and later: an invoice, and what a register says of a tax id."""
    if seen.invoice is not None and order.invoice_number is None and order.erased_at is None:
        yield f"invoice {seen.invoice.number} is not known here"
    yield from _compare_tax_ids(order, seen)


def _compare_tax_ids(order: Order, seen: SeenCheckout) -> Iterator[str]:
    here = {(row["type"], row["value"]): row.get("verification") for row in order.tax_ids}
    for tax_id in seen.tax_ids:
        status = tax_id.get("verification")
        if status and here.get((tax_id["type"], tax_id["value"]), status) != status:
            yield f"a tax id is {status} at Stripe, not here"


def _compare_money_sent(order: Order, payment: SeenPayment) -> Iterator[str]:
    """What a buyer must still do before the order is paid, and what a bank transfer brought too much."""
    if not order.is_paid and to_keep(payment.waiting) != order.waits_for:
        yield "what its buyer must still pay is another amount or date at Stripe"
    yield from _compare_excess(order, payment.excess_minor)


def _compare_excess(order: Order, there_minor: int | None) -> Iterator[str]:
    """None: the key may not read it. What another order says is none of this one's."""
    if there_minor and not speaks_of_balance(db.session(), order):
        there_minor = 0
    if there_minor is not None and there_minor != order.excess_minor:
        there = money.format_money(there_minor, order.currency)
        yield f"{there} sent too much at Stripe, {money.format_money(order.excess_minor, order.currency)} here"


def _compare_payment(order: Order, payment: SeenPayment) -> Iterator[str]:
    if payment.refunded_minor != order.refunded_minor:
        there = money.format_money(payment.refunded_minor, order.currency)
        here = money.format_money(order.refunded_minor, order.currency)
        yield f"{there} refunded at Stripe, {here} here"
    if payment.is_disputed and not order.is_disputed:
        yield "disputed at Stripe, not here"
    yield from _compare_money_sent(order, payment)
    if payment.after_sale is not None:
        yield from _compare_after_sale(order, payment.after_sale)


def _compare_after_sale(order: Order, seen: SeenAfterSale) -> Iterator[str]:
    yield from _compare_refunds(order, seen.refunds or ())
    yield from _compare_disputes(order, seen.disputes or ())
    yield from _compare_warnings(order, seen.warnings or ())


def _compare_refunds(order: Order, refunds: Iterable[SeenRefund]) -> Iterator[str]:
    here = read_known_refunds(Refund.order_id == order.id)
    for refund in refunds:
        status, items = here.get(refund.id, ("unknown", refund.items))
        amount = money.format_money(refund.amount_minor, refund.currency)
        if status != refund.status:
            yield f"a refund of {amount} is {refund.status} at Stripe, {status} here"
        elif items != refund.items:
            yield f"a refund of {amount} names other items at Stripe"


def _compare_disputes(order: Order, disputes: Iterable[SeenDispute]) -> Iterator[str]:
    rows = db.session.execute(select(Dispute.id, Dispute.status).where(Dispute.order_id == order.id))
    here = {row.id: row.status for row in rows}
    for dispute in disputes:
        if here.get(dispute.id) != dispute.status:
            yield f"a dispute is {dispute.status} at Stripe, {here.get(dispute.id, 'unknown')} here"


def _compare_warnings(order: Order, warnings: Iterable[SeenWarning]) -> Iterator[str]:
    rows = db.session.execute(
        select(FraudWarning.id, FraudWarning.is_actionable).where(FraudWarning.order_id == order.id)
    )
    here = {row.id: row.is_actionable for row in rows}
    for warning in warnings:
        if here.get(warning.id) is not warning.is_actionable:
            yield "an early fraud warning is not known here as it is at Stripe"
