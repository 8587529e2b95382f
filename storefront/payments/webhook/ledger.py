"""The ledger's rows: stamp a delivery handled with its effects, keep what is left to do and why."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, read_all, transaction, upsert
from storefront.core.runtime import settings
from storefront.orders.models import Order
from storefront.orders.queries import SUMMARY_COLUMNS, KnownOrder, summary_of_row
from storefront.payments.webhook.models import StripeEvent
from storefront.stripe_api.seen_event import SeenEvent

log = logging.getLogger(__name__)

UNHANDLED_SECONDS = 300
MAX_ERROR_LENGTH = 200
RECONCILED = "reconciled"  # outcome of what no delivery brought
IS_OF_OTHER_MODE = StripeEvent.outcome == literal_column("'other_mode'")
OTHER_MODE = "other_mode"  # outcome of what was set aside: sent for Stripe's other mode than the one that ran
# Begins the error of what Stripe does not know under this key: it may tell of a sale in an account that was left.
ELSEWHERE = "unknown to "
IS_ELSEWHERE = func.coalesce(StripeEvent.last_error, "").startswith(ELSEWHERE)


# Of the table, and built once: an entity's takes longer to build than to run.
_events = StripeEvent.__table__
_KNOWN = select(_events.c.handled_at, _events.c.outcome, *SUMMARY_COLUMNS).select_from(
    select(literal(1))
    .subquery()
    .outerjoin(_events, _events.c.id == bindparam("event_id"))
    .outerjoin(Order.__table__, Order.__table__.c.checkout_session_id == bindparam("object_id"))
)
_STAMP = (
    update(_events)  # type: ignore[arg-type] # a mapped class always has a Table
    .where(_events.c.id == bindparam("event_id"), _events.c.handled_at.is_(None))
    .values(handled_at=bindparam("now"), outcome=bindparam("result"), last_error=None)
)


def _try_again(new: Any) -> dict[str, Any]:  # noqa: ANN401 - columns by their names
    """What the row that is there becomes. What is handled stays so, with its first outcome.

    What is left keeps its last error until somebody says another: the owner is told of it. What was set aside in
    the other mode begins anew.
    """
    was_aside = func.coalesce(StripeEvent.outcome, "") == OTHER_MODE
    return {
        "attempts": StripeEvent.attempts + 1,
        "mode": case((was_aside, new.mode), else_=StripeEvent.mode),
        "received_at": case((was_aside, new.received_at), else_=StripeEvent.received_at),
        "handled_at": case(
            (was_aside, new.handled_at), else_=func.coalesce(StripeEvent.handled_at, new.handled_at)
        ),
        "outcome": case((was_aside, new.outcome), else_=func.coalesce(StripeEvent.outcome, new.outcome)),
        "last_error": case(
            (was_aside, new.last_error),
            (StripeEvent.handled_at.is_not(None), StripeEvent.last_error),
            (new.handled_at.is_not(None), null()),
            else_=func.coalesce(new.last_error, StripeEvent.last_error),
        ),
    }


def _set_aside(_new: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """What the row that is there becomes in the other mode: what its own has left to do stays so."""
    return {"attempts": StripeEvent.attempts + 1}


def in_running_mode() -> ColumnElement[bool]:
    """Select what came in it, and what was sent for it and set aside while the other one ran."""
    return or_(StripeEvent.mode == settings().mode, _is_set_aside())


def is_unfinished() -> ColumnElement[bool]:
    """Select of those what nobody finished. Two searches, each by its index: one with OR reads every event."""
    ids = union(
        select(StripeEvent.id).where(StripeEvent.mode == settings().mode, StripeEvent.handled_at.is_(None)),
        select(StripeEvent.id).where(_is_set_aside()),
    )
    return StripeEvent.id.in_(select(ids.subquery().c.id))


def _is_set_aside() -> ColumnElement[bool]:
    """As its index says it: engines know of no parameter whether it is the same."""
    return IS_OF_OTHER_MODE & (StripeEvent.livemode == settings().is_live)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an event points to; `delivery` where it has just come, and there may be no row of it."""

    event_id: str
    type: str
    object_id: str
    delivery: SeenEvent | None = None

    @classmethod
    def of(cls, event: SeenEvent) -> Self:
        return cls(event_id=event.id, type=event.type, object_id=event.object_id, delivery=event)

    def handle(self, session: Session, outcome: str) -> None:
        """Inside the transaction of the effects: an event is handled exactly when its effects are there."""
        if self.delivery is not None:
            keep(session, self.delivery, outcome=outcome)
        else:
            session.execute(_STAMP, {"event_id": self.event_id, "now": clock.now(), "result": outcome})

    def leave(self, session: Session, *, error: str | None = None) -> None:
        """Let it be looked at again."""
        if self.delivery is not None:
            keep(session, self.delivery, error=error)
        elif error is not None:
            failed = update(StripeEvent).where(StripeEvent.id == self.event_id)
            session.execute(failed.values(last_error=error[:MAX_ERROR_LENGTH]))


def is_too_old(event: SeenEvent) -> bool:
    """Say whether it is older than the rows are kept: Stripe sends none of more than 30 days again."""
    age = clock.now() - event.created_at
    if age < timedelta(days=settings().keep_days.events):
        return False
    log.warning("event is older than what is kept", extra={"event": event.id, "days": age.days})
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What our rows say of a delivery: whether it is handled, and the order of the Session that it points to."""

    is_handled: bool
    order: KnownOrder


def read_known(event: SeenEvent) -> Known:
    """One statement. Nothing is written of a delivery that was handled before."""
    (row,) = read_all(_KNOWN, {"event_id": event.id, "object_id": event.object_id})
    summary = None if row.order_id is None else summary_of_row(row)
    is_handled = row.handled_at is not None and not (row.outcome == OTHER_MODE and is_of_running_mode(event))
    return Known(is_handled=is_handled, order=KnownOrder(summary))


def is_of_running_mode(event: SeenEvent) -> bool:
    return event.livemode == settings().is_live


def keep(session: Session, event: SeenEvent, *, outcome: str | None = None, error: str | None = None) -> None:
    """Keep one that has come: with an `outcome` it is handled, without one it is left to be looked at again."""
    now = clock.now()
    row = {
        "id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "livemode": event.livemode,
        "mode": settings().mode,
        "created_at": event.created_at,
        "received_at": now,
        "attempts": 1,
        "handled_at": now if outcome is not None else None,
        "outcome": outcome,
        "last_error": error[:MAX_ERROR_LENGTH] if error is not None else None,
    }
    upsert(session, StripeEvent, row, changes=_set_aside if outcome == OTHER_MODE else _try_again)


def take_up(session: Session, event_id: str) -> None:
    """Leave to this mode what was sent for it and set aside while the other one ran; nothing of any other.

    It begins anew, as if it were sent again: nobody has tried in vain since it came.
    """
    taken_up = update(StripeEvent).where(StripeEvent.id == event_id, _is_set_aside())
    session.execute(taken_up.values(mode=settings().mode, received_at=clock.now(), handled_at=None, outcome=None))


def count_attempt(event_id: str) -> None:
    with transaction() as session:
        add_attempt(session, event_id)


def add_attempt(session: Session, event_id: str) -> None:
    """Count one inside the caller's transaction."""
    counted = update(StripeEvent).where(StripeEvent.id == event_id).values(attempts=StripeEvent.attempts + 1)
    session.execute(counted)


def find_unhandled(*, limit: int = 100) -> list[Entry]:
    """Return deliveries older than five minutes that nobody finished."""
    old = clock.now() - timedelta(seconds=UNHANDLED_SECONDS)
    return _find_left(~IS_ELSEWHERE, StripeEvent.received_at <= old, limit=limit)


def find_elsewhere(key: str, *, limit: int = 100) -> list[Entry]:
    """Return deliveries that another key did not know, by the gateway's names of them; each once for a key."""
    return _find_left(IS_ELSEWHERE, StripeEvent.last_error != f"{ELSEWHERE}{key}", limit=limit)


def give_up_elsewhere(key: str, *, outcome: str, limit: int = 1000) -> None:
    """Handle what is older than rows are kept, and this key does not know either: it is forgotten as others are.

    Nothing is written where there is none.
    """
    too_old = StripeEvent.received_at <= clock.now() - timedelta(days=settings().keep_days.events)
    is_unknown = StripeEvent.last_error == f"{ELSEWHERE}{key}", StripeEvent.handled_at.is_(None)
    which = select(StripeEvent.id).where(StripeEvent.mode == settings().mode, too_old, *is_unknown)
    ids = db.session.scalars(which.limit(limit)).all()
    if not ids:
        return
    log.warning("events of another account are given up", extra={"events": len(ids)})
    given_up = update(StripeEvent).where(StripeEvent.id.in_(ids), *is_unknown)
    with transaction() as session:
        session.execute(given_up.values(handled_at=clock.now(), outcome=outcome, last_error=None))


def is_elsewhere(session: Session, event_id: str) -> bool:
    which = StripeEvent.id == event_id, StripeEvent.handled_at.is_(None), IS_ELSEWHERE
    return session.scalar(select(StripeEvent.id).where(*which)) is not None


def _find_left(*which: ColumnElement[bool], limit: int) -> list[Entry]:
    rows = db.session.execute(
        select(StripeEvent.id, StripeEvent.type, StripeEvent.object_id)
        .where(StripeEvent.mode == settings().mode, StripeEvent.handled_at.is_(None), *which)
        .order_by(StripeEvent.attempts, StripeEvent.received_at)
        .limit(limit)
    )
    return [Entry(event_id=row.id, type=row.type, object_id=row.object_id) for row in rows]


def count_elsewhere(*, older_than: timedelta) -> tuple[int, datetime | None]:
    """Return how many deliveries the account of the key did not know, and when the first of them came."""
    count, first = db.session.execute(
        select(func.count(), func.min(StripeEvent.received_at)).where(
            StripeEvent.mode == settings().mode,
            StripeEvent.handled_at.is_(None),
            IS_ELSEWHERE,
            StripeEvent.received_at <= clock.now() - older_than,
        )
    ).one()
    return count, first


def find_known(event_ids: list[str]) -> dict[str, bool]:
    """Which of these events of the running mode were received, and whether each is handled."""
    is_handled = StripeEvent.handled_at.is_not(None) & (func.coalesce(StripeEvent.outcome, "") != OTHER_MODE)
    rows = db.session.execute(
        select(StripeEvent.id, is_handled.label("is_handled")).where(StripeEvent.id.in_(event_ids))
    )
    return {row.id: bool(row.is_handled) for row in rows}


def has_come_since(event_type: str, moment: datetime) -> bool:
    """Say whether a delivery of this kind came after it: the webhook works, and what is missing was cut off.

    One of Stripe's other mode came from another endpoint.
    """
    came = select(StripeEvent.id).where(
        StripeEvent.mode == settings().mode,
        StripeEvent.livemode == settings().is_live,
        StripeEvent.type == event_type,
        StripeEvent.received_at > moment,
        StripeEvent.outcome != RECONCILED,  # nor what a pass has left, which has no outcome
    )
    return db.session.scalar(came.limit(1)) is not None


def find_stuck(*, older_than: timedelta) -> list[tuple[str, str, str | None]]:
    """(event id, type, last error) of deliveries that nobody could finish for so long."""
    rows = db.session.execute(
        select(StripeEvent.id, StripeEvent.type, StripeEvent.last_error).where(
            StripeEvent.mode == settings().mode,
            StripeEvent.handled_at.is_(None),
            ~IS_ELSEWHERE,
            StripeEvent.received_at <= clock.now() - older_than,
        )
    )
    return [(row.id, row.type, row.last_error) for row in rows]
