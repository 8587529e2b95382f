"""What somebody left at Checkout: kept with the promise of one email, forgotten after 30 days."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from storefront.buyers.reminders.models import AbandonedCheckout
from storefront.core import clock, money
from storefront.core.db import db, insert_missing, transaction
from storefront.core.languages import find_language, offered
from storefront.core.runtime import settings
from storefront.customers.models import email_key
from storefront.mail import outbox
from storefront.mail.forget import forget_mails
from storefront.mail.models import MailKind

DELAY = timedelta(hours=1)  # who has only lost a tab, or pays another way, needs no email
KEPT = timedelta(days=30)  # as long as Stripe's link works
FORGOTTEN = {"email": "", "email_key": "", "url": "", "lines": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftLine:
    """A line of Stripe's; `price_id` and `product_id` are ours, None for a line that we do not know."""

    description: str
    quantity: int
    total_minor: int
    price_id: int | None
    product_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An expired Session whose buyer agreed to be written to. `checkout_token` is of our row behind it."""

    session_id: str
    checkout_token: str | None
    email: str
    url: str
    url_expires_at: datetime
    currency: str
    total_minor: int
    lines: tuple[LeftLine, ...]
    began_at: datetime
    language: str | None = None  # of its form

    @property
    def price_ids(self) -> set[int]:
        return {line.price_id for line in self.lines if line.price_id is not None}

    @property
    def product_ids(self) -> set[int]:
        return {line.product_id for line in self.lines if line.product_id is not None}


def keep_left(session: Session, left: Left) -> None:
    """Keep it and promise its email, once for each Session, inside the caller's transaction."""
    row = {
        "mode": settings().mode,
        "checkout_session_id": left.session_id,
        "checkout_token": left.checkout_token,
        "email": left.email,
        "email_key": email_key(left.email),
        "url": left.url,
        "url_expires_at": left.url_expires_at,
        "currency": left.currency,
        "total_minor": left.total_minor,
        "lines": [asdict(line) for line in left.lines],
        "began_at": left.began_at,
    }
    if insert_missing(session, AbandonedCheckout, [row]):
        outbox.promise(
            session,
            kind=MailKind.CHECKOUT_REMINDER,
            order_id=None,
            mode=settings().mode,
            recipient=left.email,
            language=find_language(left.language) or offered().own,
            about=left.session_id,
            hold=False,
            not_before=clock.now() + DELAY,
        )


def is_kept(session_id: str) -> bool:
    found = select(AbandonedCheckout.id).where(AbandonedCheckout.checkout_session_id == session_id)
    return db.session.scalar(found) is not None


def find_left(session_id: str) -> Left | None:
    """Return it as committed now; None where it was forgotten."""
    row = db.session.scalars(
        select(AbandonedCheckout)
        .where(AbandonedCheckout.checkout_session_id == session_id, AbandonedCheckout.forgotten_at.is_(None))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    return Left(
        session_id=row.checkout_session_id,
        checkout_token=row.checkout_token,
        email=row.email,
        url=row.url,
        url_expires_at=row.url_expires_at,
        currency=row.currency,
        total_minor=row.total_minor,
        lines=tuple(LeftLine(**line) for line in row.lines),
        began_at=row.began_at,
    )


def export_left(email_keys: Collection[str]) -> list[dict[str, Any]]:
    """Return what is kept of these addresses, as JSON for the person."""
    rows = db.session.scalars(
        select(AbandonedCheckout).where(_is_of(email_keys)).order_by(AbandonedCheckout.created_at)
    )
    return [
        {
            "email": row.email,
            "began_at": row.began_at.isoformat(),
            "deleted_at_the_latest": (row.created_at + KEPT).isoformat(),
            "total": money.format_money(row.total_minor, row.currency),
            "items": [{"what": line["description"], "quantity": line["quantity"]} for line in row.lines],
        }
        for row in rows
    ]


def forget_left(session: Session, email_keys: Collection[str]) -> int:
    """Forget what these addresses left, with their reminders; return how many. Inside the caller's transaction."""
    return _forget(session, _is_of(email_keys))


def forget_old() -> None:
    """Forget what was left 30 days ago. Writes nothing where there is nothing."""
    is_old = AbandonedCheckout.created_at <= clock.now() - KEPT, AbandonedCheckout.forgotten_at.is_(None)
    if db.session.scalar(select(AbandonedCheckout.id).where(*is_old).limit(1)) is None:
        return
    with transaction() as session:
        _forget(session, is_old[0] & is_old[1])


def _is_of(email_keys: Collection[str]) -> ColumnElement[bool]:
    return (
        (AbandonedCheckout.mode == settings().mode)
        & AbandonedCheckout.email_key.in_(list(email_keys))
        & AbandonedCheckout.forgotten_at.is_(None)
    )


def _forget(session: Session, which: ColumnElement[bool]) -> int:
    session_ids = session.scalars(
        update(AbandonedCheckout)
        .where(which)
        .values(forgotten_at=clock.now(), **FORGOTTEN)
        .returning(AbandonedCheckout.checkout_session_id)
        .execution_options(synchronize_session=False)
    ).all()
    forget_mails(session, [outbox.key_of(MailKind.CHECKOUT_REMINDER, None, each) for each in session_ids])
    return len(session_ids)
