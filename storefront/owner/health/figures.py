"""Figures: how much of everything there is, and the trouble with it, from one read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storefront.core.config.settings import Mode
from storefront.core.days import bounds_of
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.mail.models import MAY_LEAVE, MailState
from storefront.orders.models import Order
from storefront.owner.health.totals import read_totals
from storefront.owner.health.trouble import Trouble, read_trouble
from storefront.payments.webhook import ledger
from storefront.payments.webhook.models import StripeEvent
from storefront.shop.profile.zone import shop_zone, today

UNHANDLED = "unhandled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of the running mode. `orders` and `mails` are by state, `grants` by kind, `events` by outcome.

    `counted_at` is when a worker counted what is in all; None for just now.
    """

    trouble: Trouble
    orders: dict[str, int]
    grants: dict[str, int]
    mails: dict[str, int]
    events: dict[str, int]
    counted_at: datetime | None


def read_figures() -> Figures:
    """Read the figures of the running mode: a few statements, and those of `read_trouble`."""
    mode = settings().mode
    trouble = read_trouble()
    unhandled = _count_unhandled(mode)
    totals = read_totals(trouble.measured)
    waiting = {state: trouble.mails[state] for state in MAY_LEAVE}
    return Figures(
        trouble=trouble,
        orders=totals.counts.orders,
        grants=totals.counts.grants,
        mails=dict.fromkeys(MailState, 0) | totals.counts.mails | waiting,
        events=totals.counts.events | ({UNHANDLED: unhandled} if unhandled else {}),
        counted_at=totals.counted_at,
    )


def _count_unhandled(mode: Mode) -> int:
    """Return how many events there are that nobody has handled, without those that wait for another key."""
    is_left = StripeEvent.mode == mode, StripeEvent.handled_at.is_(None), ~ledger.IS_ELSEWHERE
    return db.session.scalar(select(func.count(StripeEvent.id)).where(*is_left)) or 0


def count_orders_today() -> int:
    """Count the orders of the running mode since midnight of the shop's time zone, as its figures and lists do."""
    zone = shop_zone()
    midnight = bounds_of(today(zone), zone).starts_at
    new = select(func.count(Order.id)).where(Order.mode == settings().mode, Order.placed_at >= midnight)
    return db.session.scalar(new) or 0
