"""What Stripe booked in some days, summed up by kind: the figures of Stripe's own balance report."""

from dataclasses import dataclass

from sqlalchemy import exists, func, select

from storefront.core.db import db
from storefront.core.replica import at_replica
from storefront.core.runtime import settings
from storefront.orders.after_sale import Refund
from storefront.orders.models import Order
from storefront.orders.money_lines import MoneyLine
from storefront.orders.queries import order_in_running_mode
from storefront.owner.accounting.movements import are_unbooked_refunds, within
from storefront.owner.accounting.periods import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSum:
    """Minor units of `currency`, in which the account settles; `kind` is Stripe's reporting category."""

    currency: str
    kind: str
    count: int
    amount_minor: int
    fee_minor: int
    net_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """`unbooked_sales` were paid in these days, and `unbooked_refunds` made; Stripe has not booked them yet."""

    sums: tuple[KindSum, ...]
    unbooked_sales: int
    unbooked_refunds: int


def read_balance(time: Time) -> Balance:
    """Three statements, each led by an index from the first moment to the last; where the replica may answer."""
    return at_replica(_read_balance, time)


def _read_balance(time: Time) -> Balance:
    rows = db.session.execute(
        select(
            MoneyLine.currency,
            MoneyLine.kind,
            func.count().label("number"),
            func.sum(MoneyLine.amount_minor).label("amount_minor"),
            func.sum(MoneyLine.fee_minor).label("fee_minor"),
            func.sum(MoneyLine.net_minor).label("net_minor"),
        )
        .where(
            MoneyLine.mode == settings().mode,
            *within(time, MoneyLine.created_at),
        )
        .group_by(MoneyLine.currency, MoneyLine.kind)
        .order_by(MoneyLine.currency, MoneyLine.kind)
    )
    sums = tuple(
        KindSum(
            currency=row.currency,
            kind=row.kind,
            count=row.number,
            amount_minor=int(row.amount_minor),
            fee_minor=int(row.fee_minor),
            net_minor=int(row.net_minor),
        )
        for row in rows
    )
    refunds = select(func.count()).where(*are_unbooked_refunds(), *within(time, Refund.created_at))
    return Balance(
        sums=sums, unbooked_sales=_count_unbooked_sales(time), unbooked_refunds=db.session.scalar(refunds) or 0
    )


def _count_unbooked_sales(time: Time) -> int:
    is_charge = (MoneyLine.payment_intent_id == Order.payment_intent_id) & (MoneyLine.kind == "charge")
    count = db.session.scalar(
        select(func.count()).where(
            order_in_running_mode(),
            *within(time, Order.paid_at),
            Order.total_minor > 0,
            ~exists(select(MoneyLine.id).where(is_charge)),
        )
    )
    return count or 0
