"""How much of everything there is in all: a small shop counts its rows when asked, a large one keeps a count.

A million orders take seconds to count, and monitors ask every fifteen: there a worker counts now and then, for a
hundredth of its time. What is waiting is never kept: that is always counted.
"""

import time
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Select, case, func, select

from storefront.core import clock
from storefront.core.config.settings import Mode
from storefront.core.db import db, transaction
from storefront.core.measurements import read_measurements, replace_labels
from storefront.core.replica import at_replica
from storefront.core.runtime import settings
from storefront.mail.models import OutboxMessage
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.payments.fulfillment.outcome import Outcome
from storefront.payments.webhook.models import StripeEvent

FEW = 20_000  # rows of a kind, counted in some milliseconds
ORDER_STATES = (Outcome.FULFILLED, Outcome.AWAITING_PAYMENT, Outcome.NOT_PAID)
REST = 100  # times as long as a count took, until the next one
COUNTED_AT, SECONDS = "counted_at", "seconds"
Measured = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """By state, kind or outcome. Newer code may have counted states that this one does not know."""

    orders: dict[str, int]
    grants: dict[str, int]
    mails: dict[str, int]
    events: dict[str, int]

    @classmethod
    def of_labels(cls, labels: dict[str, float]) -> Self:
        """Read what `labels()` wrote."""
        parts: dict[str, dict[str, int]] = {name: {} for name in cls.__dataclass_fields__}
        for label, number in labels.items():
            what, _, state = label.partition(" ")
            if what in parts:
                parts[what][state] = int(number)
        return cls(**parts)

    def labels(self) -> dict[str, float]:
        return {f"{what} {state}": n for what, counts in asdict(self).items() for state, n in counts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Of the running mode. `counted_at` is None where they were counted just now."""

    counts: Counts
    counted_at: datetime | None


def read_totals(measured: Measured) -> Totals:
    """Read them in one statement where a worker has kept them, in five otherwise. `measured` was read before."""
    kept = measured.get(_name(settings().mode))
    if not kept or is_small():
        return Totals(counts=count_all(), counted_at=None)
    return Totals(counts=Counts.of_labels(kept), counted_at=clock.from_unix(int(kept[COUNTED_AT])))


def is_small() -> bool:
    """Tell whether no table has many rows, from the ends of indexes: rows that were forgotten count."""
    some_events = select(StripeEvent.id).limit(FEW + 1).subquery()
    most = db.session.execute(
        select(
            select(func.max(Order.id)).scalar_subquery(),
            select(func.max(Grant.id)).scalar_subquery(),
            select(func.max(OutboxMessage.id)).scalar_subquery(),
            select(func.count()).select_from(some_events).scalar_subquery(),
        )
    ).one()
    return max(number or 0 for number in most) <= FEW


def keep_totals() -> bool:
    """Count a large shop, where the last count is old enough. False where nothing was due."""
    mode = settings().mode
    if is_small() or not _is_due(read_measurements().get(_name(mode))):
        return False
    begun, now = time.perf_counter(), clock.now().timestamp()
    counts = at_replica(count_all)
    made: dict[str, float] = {COUNTED_AT: now, SECONDS: time.perf_counter() - begun}
    with transaction() as session:
        replace_labels(session, _name(mode), counts.labels() | made)
    return True


def _is_due(kept: dict[str, float] | None) -> bool:
    """A clock that was put back does not make anybody wait."""
    if not kept:
        return True
    age = clock.now().timestamp() - kept[COUNTED_AT]
    return not 0 <= age < REST * kept[SECONDS]


def _name(mode: Mode) -> str:
    return f"totals_{mode}"


def count_all() -> Counts:
    """Count every row of the running mode: four statements."""
    mode = settings().mode
    return Counts(
        orders=dict.fromkeys(ORDER_STATES, 0) | _read(_orders(mode)),
        grants=dict.fromkeys(GrantKind, 0) | _read(_grants(mode)),
        mails=_read(
            select(OutboxMessage.state, func.count())
            .where(OutboxMessage.mode == mode)
            .group_by(OutboxMessage.state)
        ),
        events=_read(
            select(StripeEvent.outcome, func.count())
            .where(StripeEvent.mode == mode, StripeEvent.outcome.is_not(None))
            .group_by(StripeEvent.outcome)
        ),
    )


def _read(statement: Select[Any, int]) -> dict[str, int]:
    return {str(name): number for name, number in db.session.execute(statement)}


def _orders(mode: Mode) -> Select[Any, int]:
    state = case(
        (Order.fulfilled_at.is_not(None), Outcome.FULFILLED.value),
        (Order.has_failed, Outcome.NOT_PAID.value),
        else_=Outcome.AWAITING_PAYMENT.value,
    ).label("state")
    states = select(state).where(Order.mode == mode).subquery()
    return select(states.c.state, func.count()).group_by(states.c.state)


def _grants(mode: Mode) -> Select[Any, int]:
    return (
        select(Grant.kind, func.count())
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.mode == mode)
        .group_by(Grant.kind)
    )
