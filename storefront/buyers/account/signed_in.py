"""Browsers that are signed in, as their owner sees and ends them: which, since when, seen when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.core.texts import Marked, marked, marked_count
from storefront.customers import signed_in_browsers
from storefront.customers.browser_words import say_browser
from storefront.customers.models import SignIn
from storefront.orders.models import Order


def _days(number: int) -> Marked:
    return marked_count("%(num)d day ago", "%(num)d days ago", number)


def _hours(number: int) -> Marked:
    return marked_count("%(num)d hour ago", "%(num)d hours ago", number)


def _minutes(number: int) -> Marked:
    return marked_count("%(num)d minute ago", "%(num)d minutes ago", number)


SPANS = ((timedelta(days=1), _days), (timedelta(hours=1), _hours), (timedelta(minutes=1), _minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """`order_number` where a mailed code opened that one order only; `seen` is in words."""

    id: int
    browser: str
    order_number: str | None
    began_at: datetime
    seen: str
    is_here: bool


def read_signed_in(customer_id: int, *, token: str) -> list[SignedIn]:
    """This browser (`token` is in its cookie) first, then who was seen last. One statement."""
    here, now = tokens.hash_token(token), clock.now()
    rows = db.session.execute(
        select(SignIn, Order.number)
        .outerjoin(Order, Order.id == SignIn.order_id)
        .where(SignIn.customer_id == customer_id, signed_in_browsers.is_alive())
        .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
    ).all()
    with_all = {here, *(row.token_hash for row, _number in rows if row.order_id is None)}
    browsers = [
        SignedIn(
            id=row.id,
            browser=say_browser(row.browser),
            order_number=number,
            began_at=row.created_at,
            seen=seen_in_words(row.last_seen_at, now),
            is_here=row.token_hash == here,
        )
        for row, number in rows
        if row.order_id is None or row.token_hash not in with_all  # that browser has the order open anyway
    ]
    return sorted(browsers, key=lambda browser: not browser.is_here)


def seen_in_words(moment: datetime, now: datetime) -> str:
    """`just now`, `12 minutes ago`, `5 hours ago`, `3 days ago`. What is younger is not noted each time."""
    passed = now - moment
    if passed < 2 * signed_in_browsers.SEEN_EVERY:
        return marked("just now")
    span, words = next(candidate for candidate in SPANS if passed >= candidate[0])
    return words(passed // span)


def end_signed_in(customer_id: int, sign_in_id: int) -> str | None:
    """Signs one browser out, with the orders it opened; its name. None where it has ended already."""
    with transaction() as changes:
        row = changes.get(SignIn, sign_in_id, with_for_update=True, populate_existing=True)
        if row is None or row.customer_id != customer_id:
            return None
        browser = say_browser(row.browser)
        signed_in_browsers.end_one(changes, row)
    return browser
