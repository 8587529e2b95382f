"""Deletes requests with their addresses: told, never confirmed, older than a year, or of who is erased."""

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, exists, or_, select
from sqlalchemy.orm import Session

from storefront.buyers.availability.models import MOST_MAILS, AvailabilityRequest
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.runtime import settings
from storefront.customers.models import email_key
from storefront.mail.forget import forget_mails
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.mail.outbox import key_of
from storefront.shop.catalog.models import Product

TO_CONFIRM = timedelta(days=3)
KEPT = timedelta(days=365)
TRIED = timedelta(days=30)  # an email that no server takes


def has_left() -> ColumnElement[bool]:
    """Select requests whose one email has left, or never will."""
    has_failed = (OutboxMessage.state == MailState.FAILED) & (AvailabilityRequest.told_at <= clock.now() - TRIED)
    done = exists().where(
        # By its unique key, which has an index; `about` has none.
        OutboxMessage.dedupe_key == f"{MailKind.AVAILABLE}:" + cast(AvailabilityRequest.id, String),
        OutboxMessage.state.in_((MailState.SENT, MailState.CANCELED)) | has_failed,
    )
    return AvailabilityRequest.told_at.is_not(None) & done


def forget_old_requests() -> None:
    """Write nothing where there is nothing."""
    now = clock.now()
    is_old = or_(
        AvailabilityRequest.confirmed_at.is_(None) & (AvailabilityRequest.created_at <= now - TO_CONFIRM),
        AvailabilityRequest.created_at <= now - KEPT,
        has_left(),
    )
    if db.session.scalar(select(AvailabilityRequest.id).where(is_old).limit(1)) is None:
        return
    with transaction() as session:
        forget_requests(session, is_old)


def forget_requests(session: Session, which: ColumnElement[bool]) -> int:
    """Delete them, inside the caller's transaction; return how many. What waits in the outbox leaves no more."""
    ids = session.scalars(
        delete(AvailabilityRequest)
        .where(which)
        .returning(AvailabilityRequest.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ids:
        forget_mails(session, list(_mails_of(ids)))
    return len(ids)


def forget_requests_of(session: Session, addresses: Collection[str]) -> int:
    return forget_requests(session, are_of(addresses))


def export_requests(addresses: Collection[str]) -> list[dict[str, Any]]:
    """Return what these addresses asked for, as JSON for the person."""
    rows = db.session.execute(
        select(AvailabilityRequest, Product.name)
        .join(Product, Product.id == AvailabilityRequest.product_id)
        .where(are_of(addresses))
        .order_by(AvailabilityRequest.id)
    )
    return [
        {
            "email": request.email,
            "product": name,
            "asked_at": request.created_at.isoformat(),
            "confirmed_at": request.confirmed_at.isoformat() if request.confirmed_at else None,
        }
        for request, name in rows
    ]


def are_of(addresses: Collection[str]) -> ColumnElement[bool]:
    """Select the requests of these addresses in the running mode."""
    keys = {email_key(address) for address in addresses}
    return (AvailabilityRequest.mode == settings().mode) & AvailabilityRequest.email_key.in_(keys)


def _mails_of(request_ids: Iterable[int]) -> Iterator[str]:
    """Name the keys of all the emails that a request can have."""
    for about in map(str, request_ids):
        yield key_of(MailKind.AVAILABLE, None, about)
        for number in range(1, MOST_MAILS + 1):
            yield key_of(MailKind.AVAILABILITY_CONFIRM, None, about, str(number))
