"""Every movement of money of a time, oldest first, in batches: what Stripe booked, and what it has not booked yet.

A movement stands at the moment when Stripe booked it, so that sums of a time are those of Stripe's own reports. A
sale or a refund that is not booked yet stands at its own moment, without fee; so does what was free.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, exists, func, select

from storefront.core.db import db, end_read
from storefront.core.replica import ReplicaReader
from storefront.core.runtime import settings
from storefront.orders.after_sale import Refund
from storefront.orders.models import Order
from storefront.orders.money_lines import MoneyLine, Payout
from storefront.orders.queries import order_in_running_mode
from storefront.owner.accounting.orders import Sold, read_sold
from storefront.owner.accounting.periods import Time
from storefront.owner.accounting.refunds import Refunded
from storefront.owner.figures.live import GAVE_NOTHING_BACK

BATCH = 500
SALE = "sale"
# Stripe's reporting categories of what happens to a sale: which way the money of the order goes.
OF_SALE = {"charge": 1, "charge_failure": -1}
OF_REFUND = {"refund": -1, "refund_failure": 1}
OF_DISPUTE = {"dispute": -1, "dispute_reversal": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A balance transaction, in minor units of `currency`; see `MoneyLine`."""

    id: str
    source_id: str
    source_currency: str
    currency: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    exchange_rate: str
    payout_id: str
    arrives_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """`kind` is `sale`, or Stripe's reporting category. Money that goes away is negative.

    `amount_minor` with its `tax_minor` is in the order's currency; None where it is about no order, and no tax for
    a dispute. `booked` is None while Stripe has not booked it, and for what was free. `refund` says what a
    refund, or one that failed, is of its order.
    """

    at: datetime
    id: str
    kind: str
    sold: Sold | None
    amount_minor: int | None
    tax_minor: int | None
    source_id: str
    booked: Booked | None
    refund: Refunded | None = None


Keyset = tuple[datetime, Any] | None
Rows: TypeAlias = Sequence[Row[*tuple[Any, ...]]]


def read_movements(time: Time) -> Iterator[Movement]:
    """Read three sources side by side; a batch of each is in memory, and no transaction stays open meanwhile.

    All of them are read at one server: a sale that one has booked and another has not would be there twice.
    """
    with ReplicaReader() as reader:
        sources = (
            _in_batches(reader, lambda after: select_booked(time, after), _of_booked),
            _in_batches(reader, lambda after: select_unbooked_sales(time, after), _of_unbooked_sales),
            _in_batches(reader, lambda after: select_unbooked_refunds(time, after), _of_unbooked_refunds),
        )
        yield from heapq.merge(*sources, key=lambda movement: (movement.at, movement.id))


def _in_batches(
    reader: ReplicaReader,
    ask: Callable[[Keyset], Select[*tuple[Any, ...]]],
    read: Callable[[Rows], list[Movement]],
) -> Iterator[Movement]:
    after: Keyset = None
    while True:
        rows, movements = reader.ask(_read_batch, ask(after), read)
        end_read()
        yield from movements
        if len(rows) < BATCH:
            return
        after = (rows[-1].at, rows[-1].id)


def _read_batch(
    statement: Select[*tuple[Any, ...]], read: Callable[[Rows], list[Movement]]
) -> tuple[Rows, list[Movement]]:
    rows = db.session.execute(statement).all()
    return rows, read(rows)


def within(time: Time, at: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401 - a column
    return [at >= time.starts_at, at < time.ends_at]


def _within(time: Time, at: Any, row_id: Any, after: Keyset) -> list[ColumnElement[bool]]:  # noqa: ANN401 - columns
    if after is None:
        return within(time, at)
    return [at >= after[0], at < time.ends_at, (at > after[0]) | (row_id > after[1])]


def select_booked(time: Time, after: Keyset) -> Select[*tuple[Any, ...]]:
    """Select lines of the account: those of other programs have no order."""
    is_of = (Order.payment_intent_id == MoneyLine.payment_intent_id) & (Order.mode == MoneyLine.mode)
    return (
        select(
            MoneyLine.id,
            MoneyLine.created_at.label("at"),
            MoneyLine.kind,
            MoneyLine.source_id,
            MoneyLine.source_currency,
            MoneyLine.currency,
            MoneyLine.amount_minor,
            MoneyLine.fee_minor,
            MoneyLine.net_minor,
            MoneyLine.exchange_rate,
            Payout.id.label("payout_id"),
            Payout.arrives_at,
            Order.id.label("order_id"),
        )
        .outerjoin(Order, is_of)
        .outerjoin(Payout, Payout.id == func.coalesce(MoneyLine.payout_id, MoneyLine.source_id))
        .where(MoneyLine.mode == settings().mode, *_within(time, MoneyLine.created_at, MoneyLine.id, after))
        .order_by(MoneyLine.created_at, MoneyLine.id)
        .limit(BATCH)
    )


def select_unbooked_sales(time: Time, after: Keyset) -> Select[*tuple[Any, ...]]:
    """Select what was paid and is not booked yet, and what was free. What the owner gave away was not sold."""
    is_charge = (MoneyLine.payment_intent_id == Order.payment_intent_id) & (MoneyLine.kind == "charge")
    return (
        select(Order.id, Order.paid_at.label("at"), Order.id.label("order_id"))
        .where(
            order_in_running_mode(),
            Order.given_because.is_(None),
            *_within(time, Order.paid_at, Order.id, after),
            ~exists(select(MoneyLine.id).where(is_charge)),
        )
        .order_by(Order.paid_at, Order.id)
        .limit(BATCH)
    )


def are_unbooked_refunds() -> list[ColumnElement[bool]]:
    # Asked of each refund, not joined: an engine would read the orders first, and all of them.
    mode = select(Order.mode).where(Order.id == Refund.order_id).scalar_subquery()
    return [
        mode == settings().mode,
        Refund.status.not_in(GAVE_NOTHING_BACK),
        ~exists(select(MoneyLine.id).where(MoneyLine.source_id == Refund.id)),
    ]


def select_unbooked_refunds(time: Time, after: Keyset) -> Select[*tuple[Any, ...]]:
    return (
        select(Refund.id, Refund.created_at.label("at"), Refund.order_id)
        .where(*are_unbooked_refunds(), *_within(time, Refund.created_at, Refund.id, after))
        .order_by(Refund.created_at, Refund.id)
        .limit(BATCH)
    )


def _of_booked(rows: Rows) -> list[Movement]:
    sold = read_sold({row.order_id for row in rows if row.order_id is not None})
    return [_movement_of(row, sold.get(row.order_id)) for row in rows]


def _movement_of(row: Row[*tuple[Any, ...]], sold: Sold | None) -> Movement:
    booked = _booked(row)
    amount, tax = _amounts(row.kind, sold, booked) if sold else (None, None)
    refund = sold.refunds.get(booked.source_id) if sold else None
    return Movement(
        at=row.at,
        id=row.id,
        kind=SALE if sold and row.kind == "charge" else row.kind,
        sold=sold,
        amount_minor=amount,
        tax_minor=tax,
        source_id=booked.source_id,
        booked=booked,
        refund=refund,
    )


def _booked(row: Row[*tuple[Any, ...]]) -> Booked:
    return Booked(
        id=row.id,
        source_id=row.source_id or "",
        source_currency=row.source_currency,
        currency=row.currency,
        amount_minor=row.amount_minor,
        fee_minor=row.fee_minor,
        net_minor=row.net_minor,
        exchange_rate=row.exchange_rate or "",
        payout_id=row.payout_id or "",
        arrives_at=row.arrives_at,
    )


def _amounts(kind: str, sold: Sold, booked: Booked) -> tuple[int | None, int | None]:
    """Return amount and tax in the order's currency, with the sign that they have."""
    if kind in OF_SALE:
        return OF_SALE[kind] * sold.total_minor, OF_SALE[kind] * sold.tax_minor
    if kind in OF_REFUND and booked.source_id in sold.refunds:
        refund = sold.refunds[booked.source_id]
        return OF_REFUND[kind] * refund.amount_minor, OF_REFUND[kind] * refund.tax_minor
    if kind in OF_DISPUTE and booked.source_id in sold.disputes:
        return OF_DISPUTE[kind] * sold.disputes[booked.source_id], None
    is_same = booked.currency == sold.currency
    return (booked.amount_minor if is_same and booked.amount_minor else None), None


def _of_unbooked_sales(rows: Rows) -> list[Movement]:
    sold = read_sold({row.order_id for row in rows})
    return [
        Movement(
            at=row.at,
            id=sold[row.order_id].number,
            kind=SALE,
            sold=sold[row.order_id],
            amount_minor=sold[row.order_id].total_minor,
            tax_minor=sold[row.order_id].tax_minor,
            source_id="",
            booked=None,
        )
        for row in rows
    ]


def _of_unbooked_refunds(rows: Rows) -> list[Movement]:
    sold = read_sold({row.order_id for row in rows})
    movements = []
    for row in rows:
        refund = sold[row.order_id].refunds[row.id]
        movements.append(
            Movement(
                at=row.at,
                id=row.id,
                kind="refund",
                sold=sold[row.order_id],
                amount_minor=-refund.amount_minor,
                tax_minor=-refund.tax_minor,
                source_id=row.id,
                booked=None,
                refund=refund,
            )
        )
    return movements
