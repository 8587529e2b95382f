"""Who moves to another address waits on there: nobody is written to twice, and the old address is gone."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, String, cast, exists, or_, select
from sqlalchemy.orm import Session

from storefront.buyers.availability.forget import are_of, forget_requests, forget_requests_of, has_left
from storefront.buyers.availability.models import AvailabilityRequest
from storefront.core.db import insert_missing
from storefront.customers.models import email_key
from storefront.mail.models import NOT_LEFT, MailKind, OutboxMessage

# All but the address and `told_at`: what was promised to the old address, and has not left, is promised anew.
KEPT = (
    AvailabilityRequest.mode,
    AvailabilityRequest.product_id,
    AvailabilityRequest.token_seed,
    AvailabilityRequest.token_hash,
    AvailabilityRequest.mails,
    AvailabilityRequest.mailed_at,
    AvailabilityRequest.confirmed_at,
    AvailabilityRequest.language,
    AvailabilityRequest.created_at,
)


def move_requests(session: Session, addresses: Collection[str], *, to: str) -> None:
    """Move what these addresses wait for, inside the caller's transaction. What nobody confirmed is forgotten.

    A product that the other address waits for as well stays once.
    """
    confirmed = AvailabilityRequest.confirmed_at.is_not(None)
    found = session.execute(select(*KEPT).where(are_of(addresses), confirmed, _still_waits())).mappings().all()
    forget_requests_of(session, addresses)
    rows: list[dict[str, Any]] = [{**row, "email": to, "email_key": email_key(to)} for row in found]
    asked = AvailabilityRequest.product_id.in_([row["product_id"] for row in rows])
    forget_requests(session, are_of([to]) & asked & (~confirmed | has_left()))
    insert_missing(session, AvailabilityRequest, rows)


def _still_waits() -> ColumnElement[bool]:
    """Select requests whose one email is not promised, or has not left."""
    waiting = exists().where(
        OutboxMessage.dedupe_key == f"{MailKind.AVAILABLE}:" + cast(AvailabilityRequest.id, String),
        OutboxMessage.state.in_(NOT_LEFT),
    )
    return or_(AvailabilityRequest.told_at.is_(None), waiting)
