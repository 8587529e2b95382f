"""Orders as CSV for bookkeeping: what Stripe charged, and what of it is tax, where and why."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlalchemy import Select, select, tuple_

from storefront.audit.csv_export import csv_line
from storefront.audit.record import record_reading_if_asked
from storefront.core.clock import iso
from storefront.core.db import db, end_read
from storefront.core.money import write_money
from storefront.orders.access import Reason, access_of_all
from storefront.orders.facts import ALL_ITEMS_REFUNDED, facts_of
from storefront.orders.models import Order
from storefront.orders.queries import order_in_running_mode
from storefront.orders.tax_words import tax_words

COLUMNS = (
    "number", "placed_at", "paid_at", "state", "email", "name", "country", "currency", "subtotal", "discount",
    "net", "tax", "total", "refunded", "taxes", "reverse_charge", "tax_ids", "invoice",
    "buyer_currency", "buyer_paid", "phone", "answers", "recovered", "code", "gift", "referrer",
)  # fmt: skip
BATCH = 500


def export_orders_csv() -> Iterator[str]:
    """Write into the audit log that somebody takes every buyer's orders out, then return the lines."""
    record_reading_if_asked("orders.exported", subject_kind="orders", subject="all")
    return csv_of_orders()


def csv_of_orders() -> Iterator[str]:
    """Yield the lines, oldest order first; amounts in the order's own currency, with its own decimals.

    A batch is in memory, and nothing stays open while it goes to its reader.
    """
    yield csv_line(COLUMNS)
    rows = db.session.execute(_oldest_first()).all()
    while rows:
        lines, last = [csv_line(_cells(order, _state(order, closed))) for order, closed in rows], rows[-1][0]
        after = tuple_(Order.placed_at, Order.id) > (last.placed_at, last.id)
        end_read()
        yield from lines
        rows = db.session.execute(_oldest_first().where(after)).all()


def _oldest_first() -> Select[Order, bool]:
    orders = select(Order, ALL_ITEMS_REFUNDED).where(order_in_running_mode())
    return orders.order_by(Order.placed_at, Order.id).limit(BATCH)


def _or_nothing(*texts: str | None) -> tuple[str, ...]:
    return tuple(text or "" for text in texts)


def _listed(pairs: Iterable[Iterable[str]]) -> str:
    return "; ".join(map(": ".join, pairs))


def _presentment(order: Order) -> str:
    if not order.presentment_currency or order.presentment_minor is None:
        return ""
    return write_money(order.presentment_minor, order.presentment_currency)


def _state(order: Order, are_all_refunded: bool) -> Reason:
    return access_of_all(replace(facts_of(order), is_item_refunded=are_all_refunded)).reason


def _cells(order: Order, state: Reason) -> tuple[object, ...]:
    taxes = tax_words(order)

    def amount(minor: int) -> str:
        return write_money(minor, order.currency)

    return (
        order.number,
        order.placed_at.isoformat(),
        iso(order.paid_at) or "",
        state.value,
        order.email,
        *_or_nothing(order.name, order.country),
        order.currency,
        amount(order.subtotal_minor),
        amount(order.discount_minor),
        amount(taxes.net_minor),
        amount(order.tax_minor),
        amount(order.total_minor),
        amount(order.refunded_minor),
        _listed((line.label, amount(line.amount_minor)) for line in taxes.lines),
        "yes" if taxes.reverse_charge else "",
        "; ".join(taxes.tax_ids),
        *_or_nothing(order.invoice_number, order.presentment_currency),
        _presentment(order),
        order.phone or "",
        _listed(order.answers),
        "yes" if order.recovered_from else "",
        order.discount_code or "",
        "yes" if order.is_gift else "",
        order.referrer or "",
    )
