"""Stripe's deliveries as their owner reads them. Only those of the running mode, whichever ran when they came."""

from sqlalchemy import Select, select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.payments.webhook import ledger
from storefront.payments.webhook.models import StripeEvent


def _of_this_mode() -> Select[StripeEvent]:
    return select(StripeEvent).where(ledger.in_running_mode())


def list_deliveries(*, limit: int, event_type: str | None, only_unhandled: bool) -> list[StripeEvent]:
    """Return the newest so many, oldest of them first."""
    events = select(StripeEvent).where(ledger.is_unfinished()) if only_unhandled else _of_this_mode()
    newest_first = events.order_by(StripeEvent.received_at.desc(), StripeEvent.id.desc()).limit(limit)
    if event_type is not None:
        newest_first = newest_first.where(StripeEvent.type == event_type)
    return list(reversed(db.session.scalars(newest_first).all()))


def find_delivery(event_id: str) -> StripeEvent | None:
    return db.session.scalars(_of_this_mode().where(StripeEvent.id == event_id)).one_or_none()


def list_unhandled() -> list[StripeEvent]:
    """Return what nobody finished, oldest first, without events that Stripe sent for its other mode."""
    unhandled = select(StripeEvent).where(StripeEvent.livemode == settings().is_live, ledger.is_unfinished())
    return list(db.session.scalars(unhandled.order_by(StripeEvent.received_at)))
