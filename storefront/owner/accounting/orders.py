"""What an accountant has to know of an order, for a batch of orders at a time: a fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, select

from storefront.core.db import db
from storefront.core.money import smallest_step
from storefront.orders.after_sale import Dispute, Refund
from storefront.orders.models import Order, OrderItem
from storefront.orders.money_lines import MoneyLine
from storefront.orders.tax_words import REVERSE_CHARGE
from storefront.owner.accounting.refunds import Refunded, Unrefunded
from storefront.owner.accounting.taxes import NO_LINE, Line, Share, TaxPart, split
from storefront.owner.figures.live import GAVE_NOTHING_BACK
from storefront.shop.catalog.models import Edition, Price, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """An order as a file names it. Amounts are minor units of `currency`.

    `supplied_at`: when Stripe booked its payment, or else when it was paid. `shares` are what bears which of
    its taxes. `refunds` and the amounts of `disputes` are by Stripe's id.
    """

    number: str
    invoice_number: str
    currency: str
    discount_minor: int
    tax_minor: int
    total_minor: int
    country: str
    state: str
    tax_ids: str
    taxes: tuple[TaxPart, ...]
    shares: tuple[Share, ...]
    lines: tuple[Line, ...]
    supplied_at: datetime
    refunds: Mapping[str, Refunded] = field(default_factory=dict)
    disputes: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_reverse_charge(self) -> bool:
        return any(tax.is_reverse_charge for tax in self.taxes)

    def rate_of(self, net_minor: int, tax_minor: int) -> Decimal | None:
        """Return which of the order's rates makes this tax of this net amount; None where none or several do."""
        step_minor = smallest_step(self.currency)
        fitting = {tax.percentage for tax in self.taxes if tax.fits(net_minor, tax_minor, step_minor)}
        return fitting.pop() if tax_minor and len(fitting) == 1 else None


_COLUMNS = (
    Order.id,
    Order.number,
    Order.invoice_number,
    Order.currency,
    Order.discount_minor,
    Order.tax_minor,
    Order.total_minor,
    Order.country,
    Order.billing_address,
    Order.tax_ids,
    Order.taxes,
    Order.paid_at,
    Order.placed_at,
)


def read_sold(ids: Collection[int]) -> dict[int, Sold]:
    """Return orders by id, in five statements."""
    if not ids:
        return {}
    booked_at = (
        select(func.min(MoneyLine.created_at))
        .where(MoneyLine.payment_intent_id == Order.payment_intent_id, MoneyLine.kind == "charge")
        .scalar_subquery()
    )
    rows = db.session.execute(select(*_COLUMNS, booked_at.label("booked_at")).where(Order.id.in_(ids))).all()
    lines, refunds, disputes = _read_lines(ids), _read_refunds(ids), _read_disputes(ids)
    return {row.id: _sold(row, lines[row.id], refunds[row.id], disputes[row.id]) for row in rows}


def _sold(
    row: Row[*tuple[Any, ...]], lines: list[Line], refunds: list[Row[*tuple[Any, ...]]], disputes: dict[str, int]
) -> Sold:
    taxes, step_minor = tuple(_tax_part(tax) for tax in row.taxes), smallest_step(row.currency)
    shares = split(
        taxes,
        net_minor=row.total_minor - row.tax_minor,
        tax_minor=row.tax_minor,
        most_rounded=max(len(lines), 1) * step_minor,
    )
    return Sold(
        number=row.number,
        invoice_number=row.invoice_number or "",
        currency=row.currency,
        discount_minor=row.discount_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        country=row.country or "",
        state=_state_of(row, taxes),
        tax_ids=_tax_ids_of(row),
        taxes=taxes,
        shares=shares,
        lines=tuple(lines) or (NO_LINE,),
        supplied_at=row.booked_at or row.paid_at or row.placed_at,
        refunds=_refunded(shares, lines, refunds, step_minor=step_minor),
        disputes=disputes,
    )


def _state_of(row: Row[*tuple[Any, ...]], taxes: tuple[TaxPart, ...]) -> str:
    state = next((tax.state for tax in taxes if tax.state), None) or (row.billing_address or {}).get("state")
    return state or ""


def _tax_ids_of(row: Row[*tuple[Any, ...]]) -> str:
    return "; ".join(str(tax_id.get("value")) for tax_id in row.tax_ids)


def _tax_part(tax: dict[str, Any]) -> TaxPart:
    percentage = tax.get("percentage")
    return TaxPart(
        country=tax.get("country"),
        state=tax.get("state"),
        percentage=None if percentage is None else Decimal(f"{percentage:g}"),
        amount_minor=tax["amount_minor"],
        taxable_minor=tax.get("taxable_minor"),
        is_reverse_charge=tax.get("reason") == REVERSE_CHARGE,
    )


def _read_lines(ids: Collection[int]) -> dict[int, list[Line]]:
    rows = db.session.execute(
        select(
            OrderItem.order_id,
            OrderItem.position,
            func.coalesce(Product.name, OrderItem.description).label("product"),
            Edition.name.label("edition"),
            OrderItem.quantity,
            OrderItem.discount_minor,
            OrderItem.tax_minor,
            OrderItem.total_minor,
        )
        .outerjoin(Product, Product.id == OrderItem.product_id)
        .outerjoin(Price, Price.id == OrderItem.price_id)
        .outerjoin(Edition, Edition.id == Price.edition_id)
        .where(OrderItem.order_id.in_(ids))
        .order_by(OrderItem.order_id, OrderItem.position, OrderItem.id)
    )
    lines: dict[int, list[Line]] = defaultdict(list)
    for row in rows:
        values = {name: value for name, value in row._asdict().items() if name != "order_id"}
        lines[row.order_id].append(Line(**values | {"edition": row.edition or ""}))
    return lines


def _read_refunds(ids: Collection[int]) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    refunds: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    failed_at = (
        select(func.min(MoneyLine.created_at))
        .where(MoneyLine.source_id == Refund.id, MoneyLine.kind == "refund_failure")
        .scalar_subquery()
        .label("failed_at")
    )
    rows = db.session.execute(
        select(Refund.order_id, Refund.id, Refund.amount_minor, Refund.status, Refund.positions)
        .add_columns(Refund.created_at, failed_at)
        .where(Refund.order_id.in_(ids))
        .order_by(Refund.created_at, Refund.id)
    )
    for row in rows:
        refunds[row.order_id].append(row)
    return refunds


def _refunded(
    sold: tuple[Share, ...], lines: list[Line], refunds: list[Row[*tuple[Any, ...]]], *, step_minor: int
) -> dict[str, Refunded]:
    """Take one after the other. What one takes that fails comes back then, and others keep what they took."""
    left = Unrefunded(sold, lines, step_minor=step_minor)
    by_id: dict[str, Refunded] = {}
    failing: list[Row[*tuple[Any, ...]]] = []
    for refund in refunds:
        for one in [one for one in failing if one.failed_at is None or one.failed_at <= refund.created_at]:
            left.give_back(by_id[one.id], one.positions or ())
            failing.remove(one)
        by_id[refund.id] = left.take(refund.amount_minor, refund.positions or ())
        if refund.status in GAVE_NOTHING_BACK:
            failing.append(refund)
    return by_id


def _read_disputes(ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return the amounts of those in their order's own currency: a bank may take another one."""
    disputes: dict[int, dict[str, int]] = defaultdict(dict)
    rows = db.session.execute(
        select(Dispute.order_id, Dispute.id, Dispute.amount_minor)
        .join(Order, Order.id == Dispute.order_id)
        .where(Dispute.order_id.in_(ids), Dispute.currency == Order.currency)
    )
    for row in rows:
        disputes[row.order_id][row.id] = row.amount_minor
    return disputes
