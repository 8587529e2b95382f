"""Takes in what Stripe booked and paid out: a page is asked for, then stored in a transaction of its own."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Update, func, select, update
from sqlalchemy.orm import Session

from storefront.core.db import db, insert_missing, transaction, upsert
from storefront.core.errors import StripeMissing
from storefront.core.runtime import settings
from storefront.orders.day_sums import count_again
from storefront.orders.models import Order
from storefront.orders.money_lines import MoneyLine, MoneyRead, Payout
from storefront.stripe_api.lists import Page
from storefront.stripe_api.seen_money import (
    SeenMoney,
    SeenPayout,
    get_payout,
    list_money,
    list_money_in_payout,
    list_payouts,
)

OLD_PAYOUTS = 30  # at each pass
OLD_PAGES = 10  # of a hundred lines, at each pass, until all that was ever booked is here


def take_in_newest() -> None:
    """One question, for what was booked a moment ago.

    Raises:
        StripeRefused: a restricted key may not list balance transactions.
        StripeUnavailable: nothing is known; nothing was changed.
    """
    _store(list_money(since=None, after=None))


def take_in_booked(since: datetime) -> int:
    """Take in what was booked since then, and some of what is older; return how many lines were new.

    Safe to repeat and to interrupt. Raises what `take_in_newest()` does.
    """
    return _take_in_since(since) + _take_in_older()


def begin_anew() -> None:
    """Let the next passes walk back through all lines once more: what is here already stays as it is."""
    with transaction() as session:
        session.execute(
            update(MoneyRead).where(MoneyRead.mode == settings().mode).values(cursor=None, is_whole=False)
        )


def _take_in_since(since: datetime) -> int:
    page = list_money(since=since, after=None)
    new = _store(page)
    while page.cursor:
        page = list_money(since=since, after=page.cursor)
        new += _store(page)
    return new


def _take_in_older() -> int:
    new = 0
    for _ in range(OLD_PAGES):
        read = db.session.get(MoneyRead, settings().mode)
        if read is not None and read.is_whole:
            break
        new += _store(_ask_older(read.cursor if read else None), is_older=True)
    return new


def _ask_older(cursor: str | None) -> Page[SeenMoney]:
    """Begin anew where Stripe has forgotten the place, as a sandbox does that was emptied."""
    try:
        return list_money(since=None, after=cursor)
    except StripeMissing:
        return list_money(since=None, after=None)


def _store(page: Page[SeenMoney], *, is_older: bool = False) -> int:
    mode = settings().mode
    rows = [{"mode": mode, "payout_id": None, **asdict(seen)} for seen in page.items]
    with transaction() as session:
        new = insert_missing(session, MoneyLine, rows)
        if new:
            count_again(session, [*(seen.created_at for seen in page.items), *_paid_at(session, page.items)])
        if is_older:
            _move_back(session, mode, page.cursor)
    return new


def _paid_at(session: Session, seen: Sequence[SeenMoney]) -> Sequence[datetime]:
    """Return when the sales of these lines were paid: each of these days has a fee less that is not known."""
    payments = {line.payment_intent_id for line in seen if line.payment_intent_id}
    paid = select(Order.paid_at).where(Order.payment_intent_id.in_(payments), Order.paid_at.is_not(None))
    return [moment for moment in session.scalars(paid) if moment is not None]


def _move_back(session: Session, mode: str, cursor: str | None) -> None:
    row = {"mode": mode, "cursor": cursor, "is_whole": cursor is None}
    upsert(session, MoneyRead, row, changes=_further)


def _further(new: Any) -> dict[str, Any]:  # noqa: ANN401 - columns by their names
    return {"cursor": new.cursor, "is_whole": new.is_whole}


def take_in_payouts() -> None:
    """Stop at the first page that says nothing new, and take some older ones that are not read yet.

    Payouts come newest first, and older ones were seen when their lines were not here.

    Raises what `take_in_newest()` does.
    """
    after: str | None = None
    while True:
        page = list_payouts(after=after)
        unread = _store_payouts(page.items)
        for payout_id in unread:
            _name_payout(payout_id)
        after = page.cursor
        if after is None:
            return
        if not unread:
            break
    for payout_id in _find_unread(page.items[-1].created_at):
        _take_in_older_payout(payout_id)


def _find_unread(before: datetime) -> Sequence[str]:
    """Return some whose lines may be here, in any order: one that never gets them holds up no other."""
    mode = settings().mode
    oldest = select(func.min(MoneyLine.created_at)).where(MoneyLine.mode == mode).scalar_subquery()
    found = (
        select(Payout.id)
        .where(Payout.mode == mode, Payout.is_automatic, Payout.is_read.is_(False))
        .where(Payout.created_at <= before, Payout.created_at >= oldest)
        .order_by(func.random())
        .limit(OLD_PAYOUTS)
    )
    return db.session.scalars(found).all()


def _take_in_older_payout(payout_id: str) -> None:
    try:
        seen = get_payout(payout_id)
    except StripeMissing:  # forgotten, as by a sandbox that was emptied: there is nothing more to ask
        with transaction() as session:
            session.execute(_as_read(payout_id))
        return
    for unread in _store_payouts([seen]):
        _name_payout(unread)


def _as_read(payout_id: str) -> Update:
    return update(Payout).where(Payout.id == payout_id).values(is_read=True)


def _payout_row(payout: SeenPayout) -> dict[str, Any]:
    return {
        "id": payout.id,
        "mode": settings().mode,
        "amount_minor": payout.amount_minor,
        "currency": payout.currency,
        "status": payout.status,
        "is_automatic": payout.is_automatic,
        "is_read": False,
        "created_at": payout.created_at,
        "arrives_at": payout.arrives_at,
    }


def _store_payouts(seen: Sequence[SeenPayout]) -> list[str]:
    """Return which of them Stripe can take apart, and whose lines do not name them yet."""
    rows = [_payout_row(payout) for payout in seen]
    if not rows:
        return []
    with transaction() as session:
        upsert(session, Payout, rows, changes=_later)
        is_whole = [payout.id for payout in seen if payout.is_automatic and payout.is_complete]
        unread = select(Payout.id).where(Payout.id.in_(is_whole), Payout.is_read.is_(False))
        return list(session.scalars(unread))


def _later(new: Any) -> dict[str, Any]:  # noqa: ANN401 - columns by their names
    return {"status": new.status, "arrives_at": new.arrives_at}


def _name_payout(payout_id: str) -> None:
    """Write it into its lines. One that has lines which are not here yet is asked again at the next pass."""
    after: str | None = None
    is_whole = True
    while True:
        page = list_money_in_payout(payout_id, after=after)
        with transaction() as session:
            parts = update(MoneyLine).where(MoneyLine.id.in_(page.items)).values(payout_id=payout_id)
            named = session.scalars(parts.returning(MoneyLine.id)).all()
            is_whole = is_whole and len(named) == len(page.items)
            if page.cursor is None and is_whole:
                session.execute(_as_read(payout_id))
        after = page.cursor
        if after is None:
            return
