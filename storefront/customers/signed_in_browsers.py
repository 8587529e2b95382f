"""Rows of browsers that are signed in: begun, seen, ended. The cookie around them is `browser_session.py`'s."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.runtime import Part, settings
from storefront.customers.models import Customer, SignIn

log = logging.getLogger(__name__)

IDLE = timedelta(days=30)
LONGEST = timedelta(days=90)  # whoever has a cookie cannot keep it alive for ever
SEEN_EVERY = timedelta(minutes=5)  # a page view in between writes nothing
MOST = 50  # of one customer: one more ends the one that was not seen for the longest time

Close = Callable[[Session, int | None], None]
CLOSE_OPENED = Part[Close]("what ends with a sign-in")


def set_up_sign_out(app: Flask, close: Close) -> None:
    """`close(changes, customer_id)` ends what higher packages keep open; None stands for this browser alone."""
    CLOSE_OPENED.set(close, app)


def close_opened(changes: Session, customer_id: int | None) -> None:
    CLOSE_OPENED.get()(changes, customer_id)


def is_alive() -> ColumnElement[bool]:
    now = clock.now()
    return (SignIn.last_seen_at > now - IDLE) & (SignIn.created_at > now - LONGEST)


def is_this(token: str) -> ColumnElement[bool]:
    return (SignIn.token_hash == tokens.hash_token(token)) & (SignIn.mode == settings().mode)


def find_customer_of(token: str) -> tuple[Customer, datetime] | None:
    """Return who is signed in, and when that was last seen."""
    row = db.session.execute(
        select(Customer, SignIn.last_seen_at)
        .join(SignIn, SignIn.customer_id == Customer.id)
        .where(is_this(token), SignIn.order_id.is_(None), is_alive())
        .where(Customer.mode == SignIn.mode, Customer.erased_at.is_(None))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def find_seen_with(token: str, *, customer_id: int, order_id: int) -> datetime | None:
    """Return when a browser was last seen that has all of the customer open, or this one order."""
    return db.session.scalar(
        select(SignIn.last_seen_at)
        .where(
            is_this(token),
            SignIn.customer_id == customer_id,
            or_(SignIn.order_id.is_(None), SignIn.order_id == order_id),
            is_alive(),
        )
        .limit(1)
    )


def has_any(token: str) -> bool:
    return db.session.scalar(select(SignIn.id).where(is_this(token), is_alive()).limit(1)) is not None


def begin(
    changes: Session, *, token: str, customer_id: int, browser: str, order_id: int | None = None, before: str = ""
) -> None:
    """Begin a row; safe to repeat with one token. Of the browser's token `before` its opened orders stay."""
    token_hash = tokens.hash_token(token)
    row = {
        "token_hash": token_hash,
        "mode": settings().mode,
        "customer_id": customer_id,
        "order_id": order_id,
        "browser": browser,
    }
    changes.execute(delete(SignIn).where(is_this(token), ~is_alive()))  # it would be taken for the new one
    insert_missing(changes, SignIn, [row])
    if before and before != token:
        ended = delete(SignIn).where(is_this(before), SignIn.order_id.is_(None)).returning(SignIn.customer_id)
        for somebody in set(changes.scalars(ended)) - {customer_id}:
            close_opened(changes, somebody)
        changes.execute(update(SignIn).where(is_this(before)).values(token_hash=token_hash))
    newest = select(SignIn.id).where(SignIn.customer_id == customer_id)
    newest = newest.order_by(SignIn.last_seen_at.desc(), SignIn.id.desc()).limit(MOST)
    changes.execute(
        delete(SignIn)
        .where(SignIn.customer_id == customer_id, SignIn.id.not_in(newest))
        .execution_options(synchronize_session=False)
    )


def see(token: str, last_seen_at: datetime) -> bool:
    """Note that a browser is here; nothing where that was done lately. A page opens without it, too."""
    now = clock.now()
    if now - last_seen_at < SEEN_EVERY:
        return False
    try:
        with transaction() as changes:
            changes.execute(update(SignIn).where(is_this(token)).values(last_seen_at=now))
    except SQLAlchemyError as error:
        log.warning("sign-in not noted as seen", extra={"kind": type(error).__name__})
        return False
    return True


def end_browser(changes: Session, token_hash: str) -> None:
    """End a browser with the orders it opened."""
    changes.execute(delete(SignIn).where(SignIn.token_hash == token_hash))


def end_one(changes: Session, row: SignIn) -> None:
    """End a browser with the orders it opened, or the one order that a row is for.

    Which checkouts it began, the row does not know: those of all their browsers close.
    """
    close_opened(changes, row.customer_id)
    if row.order_id is None:
        end_browser(changes, row.token_hash)
    else:
        changes.delete(row)


def end_all(changes: Session, customer_id: int) -> None:
    """End all browsers of a customer, with the pages after paying and the forms that show saved cards."""
    close_opened(changes, customer_id)
    changes.execute(delete(SignIn).where(SignIn.customer_id == customer_id))


def end_of_orders(changes: Session, order_ids: Sequence[int]) -> None:
    """End the orders that another customer has now: their codes were mailed to the one before."""
    changes.execute(delete(SignIn).where(SignIn.order_id.in_(order_ids)))


def follow_order(changes: Session, order_id: int, *, customer_id: int) -> None:
    """Give an order's browsers to the customer it is joined to: who typed its code need not do it again."""
    changes.execute(update(SignIn).where(SignIn.order_id == order_id).values(customer_id=customer_id))


def forget_ended() -> None:
    """Forget what expired by itself: not seen for 30 days, or begun 90 days ago."""
    with transaction() as changes:
        changes.execute(delete(SignIn).where(~is_alive()).execution_options(synchronize_session=False))
