"""What Stripe booked for an order: its fee, what is left of it, and the payout that has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from storefront.core.db import db
from storefront.orders.models import Order
from storefront.orders.money_lines import MoneyLine, Payout


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One line, in minor units of `currency`; `payout_id` and `arrives_at` are None while it is in no payout."""

    id: str
    kind: str
    source_id: str | None
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    exchange_rate: str | None
    created_at: datetime
    available_at: datetime
    payout_id: str | None
    arrives_at: datetime | None


def is_fee_unknown(order: Order, booked: Sequence[Booked]) -> bool:
    """Tell whether an order was paid with money, and Stripe has not said yet what it took for it."""
    return order.is_paid and order.total_minor > 0 and all(line.kind != "charge" for line in booked)


def is_charge_booked(payment_intent_id: str) -> bool:
    charge = select(MoneyLine.id).where(
        MoneyLine.payment_intent_id == payment_intent_id, MoneyLine.kind == "charge"
    )
    return db.session.scalar(charge.limit(1)) is not None


def find_booked(order: Order) -> tuple[Booked, ...]:
    """Return an order's lines, oldest first, in one statement."""
    if order.payment_intent_id is None:
        return ()
    rows = db.session.execute(
        select(
            MoneyLine.id,
            MoneyLine.kind,
            MoneyLine.source_id,
            MoneyLine.amount_minor,
            MoneyLine.fee_minor,
            MoneyLine.net_minor,
            MoneyLine.currency,
            MoneyLine.exchange_rate,
            MoneyLine.created_at,
            MoneyLine.available_at,
            MoneyLine.payout_id,
            Payout.arrives_at,
        )
        .outerjoin(Payout, Payout.id == MoneyLine.payout_id)
        .where(MoneyLine.payment_intent_id == order.payment_intent_id)
        .order_by(MoneyLine.created_at, MoneyLine.id)
    )
    return tuple(Booked(**{**row, "exchange_rate": _written_out(row["exchange_rate"])}) for row in rows.mappings())


def _written_out(rate: str | None) -> str | None:
    """Return it without an exponent: small ones are kept like `6.1e-05`."""
    return None if rate is None else f"{Decimal(rate):f}"
