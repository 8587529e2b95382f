"""Somebody asks, confirms, or wants no email any more. Page and work are the same for every address."""

from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from storefront.buyers.availability.forget import forget_requests, has_left
from storefront.buyers.availability.models import MOST_MAILS, AvailabilityRequest
from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.languages import current_language
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.customers.ceilings import STRANGERS_SHARE, TooManyMails
from storefront.customers.models import email_key
from storefront.mail import outbox
from storefront.mail.models import MailKind

PURPOSE = "availability"
BETWEEN_MAILS = timedelta(minutes=10)
PRODUCTS_A_DAY = 5  # of one address that has confirmed none of them
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ask_for(product_id: int, email: str) -> None:
    """Mail a link that confirms it. Whoever asks twice, or has confirmed before, gets the same answer.

    Raises:
        TooManyMails: the shop's own ceiling is met, the same for every address.
    """
    with transaction() as session:
        _demand_room(session)
        key = email_key(email)
        is_theirs = _is_of(product_id, key)
        forget_requests(session, is_theirs & has_left())  # it was for sale before, and is asked for anew
        if _has_room(session, key):
            insert_missing(session, AvailabilityRequest, [_new_row(product_id, email)])
        _promise(session, is_theirs)
    nudge("outbox")


def confirm(token: str) -> bool:
    """Put the address on the list. False for a link that is none of ours any more. Safe to repeat."""
    with transaction() as session:
        found = session.execute(
            update(AvailabilityRequest)
            .where(_has_token(token))
            .values(confirmed_at=func.coalesce(AvailabilityRequest.confirmed_at, clock.now()))
            .returning(AvailabilityRequest.id)
            .execution_options(synchronize_session=False)
        )
        return found.first() is not None


def leave(token: str) -> None:
    """Delete the request and its address, wherever it stands. Safe to repeat."""
    with transaction() as session:
        forget_requests(session, _has_token(token))


def find_request(token: str) -> AvailabilityRequest | None:
    return db.session.scalars(
        select(AvailabilityRequest).where(_has_token(token)).execution_options(populate_existing=True)
    ).one_or_none()


def token_of(seed: bytes, token_hash: str) -> str:
    """Return the token of a request: it was made with the present SECRET_KEY, or with one of those before it."""
    return tokens.derive_known_token(
        seed, purpose=PURPOSE, version=1, secret_keys=settings().secret_keys, token_hash=token_hash
    )


def _new_row(product_id: int, email: str) -> dict[str, object]:
    seed = tokens.new_seed()
    token = tokens.derive_token(seed, purpose=PURPOSE, version=1, secret_key=settings().secret_key)
    return {
        "mode": settings().mode,
        "product_id": product_id,
        "email": email,
        "email_key": email_key(email),
        "language": current_language(),
        "token_seed": seed,
        "token_hash": tokens.hash_token(token),
    }


def _promise(session: Session, is_theirs: ColumnElement[bool]) -> None:
    """Promise one more email, in turn: of two at the same moment one gets it."""
    now = clock.now()
    claimed = session.execute(
        update(AvailabilityRequest)
        .where(
            is_theirs,
            AvailabilityRequest.told_at.is_(None),
            AvailabilityRequest.mails < MOST_MAILS,
            or_(AvailabilityRequest.mailed_at.is_(None), AvailabilityRequest.mailed_at <= now - BETWEEN_MAILS),
        )
        .values(mails=AvailabilityRequest.mails + 1, mailed_at=now)
        .returning(AvailabilityRequest.id, AvailabilityRequest.email, AvailabilityRequest.mails)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if claimed is None:
        return
    outbox.promise(
        session,
        kind=MailKind.AVAILABILITY_CONFIRM,
        order_id=None,
        mode=settings().mode,
        recipient=claimed.email,
        about=str(claimed.id),
        again=str(claimed.mails),
        hold=False,
    )


def _is_of(product_id: int, key: str) -> ColumnElement[bool]:
    return (
        (AvailabilityRequest.mode == settings().mode)
        & (AvailabilityRequest.product_id == product_id)
        & (AvailabilityRequest.email_key == key)
    )


def _has_token(token: str) -> ColumnElement[bool]:
    return AvailabilityRequest.token_hash == tokens.hash_token(token)


def _has_room(session: Session, key: str) -> bool:
    return _count(session, DAY, AvailabilityRequest.email_key == key) < PRODUCTS_A_DAY


def _demand_room(session: Session) -> None:
    if _count(session, HOUR) >= max(1, settings().code_mails_per_hour // STRANGERS_SHARE):
        raise TooManyMails(marked("Very many people asked for this within the last hour. Try again in an hour."))


def _count(session: Session, since: timedelta, *which: ColumnElement[bool]) -> int:
    """Count what nobody has confirmed."""
    return session.scalars(
        select(func.count())
        .select_from(AvailabilityRequest)
        .where(
            AvailabilityRequest.mode == settings().mode,
            AvailabilityRequest.confirmed_at.is_(None),
            AvailabilityRequest.created_at > clock.now() - since,
            *which,
        )
    ).one()
