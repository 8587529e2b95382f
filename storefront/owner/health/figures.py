"""Figures: how much of everything there is, and the trouble with it, from one read."""

from dataclasses import dataclass

from sqlalchemy import case, func, select

from storefront.core import clock
from storefront.core.config.settings import Mode
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.owner.health.trouble import Trouble, read_trouble
from storefront.payments.fulfillment.outcome import Outcome
from storefront.payments.webhook.models import StripeEvent

ORDER_STATES = (Outcome.FULFILLED, Outcome.AWAITING_PAYMENT, Outcome.NOT_PAID)
UNHANDLED = "unhandled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of the running mode. `orders` is by state, `events` by outcome; a day begins at midnight UTC."""

    trouble: Trouble
    orders: dict[Outcome, int]
    orders_today: int
    grants: dict[GrantKind, int]
    events: dict[str, int]


def read_figures() -> Figures:
    """Read the figures of the running mode: four statements, and those of `read_trouble`."""
    mode = settings().mode
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    outcome = func.coalesce(StripeEvent.outcome, UNHANDLED)
    events = db.session.execute(
        select(outcome, func.count()).where(StripeEvent.mode == mode).group_by(StripeEvent.outcome)
    )
    today = select(func.count()).select_from(Order).where(Order.mode == mode, Order.placed_at >= midnight)
    return Figures(
        trouble=read_trouble(counts_all=True),
        orders=dict.fromkeys(ORDER_STATES, 0) | _count_orders(mode),
        orders_today=db.session.scalar(today) or 0,
        grants=dict.fromkeys(GrantKind, 0) | _count_grants(mode),
        events=dict(events.all()),
    )


def _count_orders(mode: Mode) -> dict[Outcome, int]:
    state = case(
        (Order.fulfilled_at.is_not(None), Outcome.FULFILLED.value),
        (Order.has_failed, Outcome.NOT_PAID.value),
        else_=Outcome.AWAITING_PAYMENT.value,
    ).label("state")
    states = select(state).where(Order.mode == mode).subquery()
    counts = db.session.execute(select(states.c.state, func.count()).group_by(states.c.state))
    return {Outcome(state): count for state, count in counts}


def _count_grants(mode: Mode) -> dict[GrantKind, int]:
    rows = db.session.execute(
        select(Grant.kind, func.count())
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.mode == mode)
        .group_by(Grant.kind)
    )
    return dict(rows.all())
