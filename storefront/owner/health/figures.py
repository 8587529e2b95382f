"""Figures: how much of everything there is, and the trouble with it, from one read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storefront.core import clock
from storefront.core.config.settings import Mode
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.mail.models import MAY_LEAVE, MailState
from storefront.orders.models import Order
from storefront.owner.health.totals import read_totals
from storefront.owner.health.trouble import Trouble, read_trouble
from storefront.payments.webhook.models import StripeEvent

UNHANDLED = "unhandled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of the running mode. `orders` and `mails` are by state, `grants` by kind, `events` by outcome.

    A day begins at midnight UTC. `counted_at` is when a worker counted what is in all; None for just now.
    """

    trouble: Trouble
    orders: dict[str, int]
    orders_today: int
    grants: dict[str, int]
    mails: dict[str, int]
    events: dict[str, int]
    counted_at: datetime | None


def read_figures() -> Figures:
    """Read the figures of the running mode: a few statements, and those of `read_trouble`."""
    mode = settings().mode
    trouble = read_trouble()
    today, unhandled = _count_new(mode)
    totals = read_totals(trouble.measured)
    waiting = {state: trouble.mails[state] for state in MAY_LEAVE}
    return Figures(
        trouble=trouble,
        orders=totals.counts.orders,
        orders_today=today,
        grants=totals.counts.grants,
        mails=dict.fromkeys(MailState, 0) | totals.counts.mails | waiting,
        events=totals.counts.events | ({UNHANDLED: unhandled} if unhandled else {}),
        counted_at=totals.counted_at,
    )


def _count_new(mode: Mode) -> tuple[int, int]:
    """Return how many orders there are today, and how many events that nobody has handled."""
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    today = select(func.count(Order.id)).where(Order.mode == mode, Order.placed_at >= midnight)
    unhandled = select(func.count(StripeEvent.id)).where(
        StripeEvent.mode == mode, StripeEvent.handled_at.is_(None)
    )
    counts = db.session.execute(select(today.scalar_subquery(), unhandled.scalar_subquery())).one()
    return counts[0], counts[1]
