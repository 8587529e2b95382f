"""The ledger's rows: record a delivery, stamp it handled with its effects, keep the error of a failed one."""

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, transaction, upsert
from storefront.core.runtime import settings
from storefront.payments.webhook.models import StripeEvent
from storefront.stripe_api.seen_event import SeenEvent

log = logging.getLogger(__name__)

UNHANDLED_SECONDS = 300
MAX_ERROR_LENGTH = 200


# Of the table, and built once: an entity's takes longer to build than to run.
_events = StripeEvent.__table__
_STAMP = (
    update(_events)  # type: ignore[arg-type] # a mapped class always has a Table
    .where(_events.c.id == bindparam("event_id"), _events.c.handled_at.is_(None))
    .values(handled_at=bindparam("now"), outcome=bindparam("result"), last_error=None)
)


def _count_attempt(_new: Any) -> dict[str, Any]:  # noqa: ANN401 - columns by their names
    return {"attempts": StripeEvent.attempts + 1}


def record(event: SeenEvent) -> bool:
    """One statement; True when this delivery was handled before, so that nothing is left to do.

    So was one that is older than the rows are kept: Stripe sends none of more than 30 days again.
    """
    age = clock.now() - event.created_at
    if age >= timedelta(days=settings().keep_days.events):
        log.warning("event is older than what is kept", extra={"event": event.id, "days": age.days})
        return True
    row = {
        "id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "livemode": event.livemode,
        "mode": settings().mode,
        "created_at": event.created_at,
        "received_at": clock.now(),
        "attempts": 1,
    }
    with transaction() as session:
        stored = upsert(session, StripeEvent, row, changes=_count_attempt, returning=("handled_at",))
        handled_at = stored.scalar_one()
    return handled_at is not None


def stamp(session: Session, event_id: str, outcome: str) -> None:
    """Inside the transaction of the effects: an event is handled exactly when its effects are there."""
    session.execute(_STAMP, {"event_id": event_id, "now": clock.now(), "result": outcome})


def note_error(event_id: str, error: str) -> None:
    with transaction() as session:
        session.execute(
            update(StripeEvent).where(StripeEvent.id == event_id).values(last_error=error[:MAX_ERROR_LENGTH])
        )


def count_attempt(event_id: str) -> None:
    with transaction() as session:
        add_attempt(session, event_id)


def add_attempt(session: Session, event_id: str) -> None:
    """Count one inside the caller's transaction."""
    counted = update(StripeEvent).where(StripeEvent.id == event_id).values(attempts=StripeEvent.attempts + 1)
    session.execute(counted)


def find_unhandled(*, limit: int = 100) -> list[tuple[str, str, str]]:
    """(event id, type, object id) of deliveries older than five minutes that nobody finished."""
    old = clock.now() - timedelta(seconds=UNHANDLED_SECONDS)
    rows = db.session.execute(
        select(StripeEvent.id, StripeEvent.type, StripeEvent.object_id)
        .where(
            StripeEvent.mode == settings().mode, StripeEvent.handled_at.is_(None), StripeEvent.received_at <= old
        )
        .order_by(StripeEvent.attempts, StripeEvent.received_at)
        .limit(limit)
    )
    return [(row.id, row.type, row.object_id) for row in rows]


def find_known(event_ids: list[str]) -> dict[str, bool]:
    """Which of these were received, and whether each is handled."""
    rows = db.session.execute(select(StripeEvent.id, StripeEvent.handled_at).where(StripeEvent.id.in_(event_ids)))
    return {row.id: row.handled_at is not None for row in rows}


def find_stuck(*, older_than: timedelta) -> list[tuple[str, str, str | None]]:
    """(event id, type, last error) of deliveries that nobody could finish for so long."""
    rows = db.session.execute(
        select(StripeEvent.id, StripeEvent.type, StripeEvent.last_error).where(
            StripeEvent.mode == settings().mode,
            StripeEvent.handled_at.is_(None),
            StripeEvent.received_at <= clock.now() - older_than,
        )
    )
    return [(row.id, row.type, row.last_error) for row in rows]
