"""Cards that a buyer saved, as they see and remove them; and Customers that are deleted at Stripe when they go."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, cast, delete, exists, literal, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, end_read, transaction
from storefront.core.errors import StorefrontError, StripeRefused
from storefront.core.leases import Lease, give_back_lease, take_lease
from storefront.core.money import format_money
from storefront.core.runtime import settings
from storefront.customers.at_stripe import StripeCustomer, find_at_stripe, has_any_at_stripe
from storefront.orders.models import Order
from storefront.orders.notices import NoticeDraft, NoticeKind, balance_subject, settle_notices
from storefront.shop.profile.saved_cards import may_save_cards
from storefront.stripe_api import saved_cards
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import NO_KEY
from storefront.stripe_api.saved_cards import SavedCard

log = logging.getLogger(__name__)

UNANSWERED = timedelta(days=2)  # Stripe forgets an idempotency key after one
MOST_AT_ONCE = 20
ASKED = "given up customer "  # begins the lease of each that Stripe was asked about
ASKED_SECONDS = 60 * 60
KINDS = (NoticeKind.CUSTOMER_REFUSED, NoticeKind.EXCESS_PAID)


def may_have_cards(customer_id: int) -> bool:
    """Tell whether the account leads to the page of cards: also where the shop saves none any more."""
    return may_save_cards() or has_any_at_stripe(customer_id)


def list_cards(customer_id: int) -> list[SavedCard]:
    """Return what Stripe keeps, newest first; one call where there is a Customer, and none otherwise.

    Raises:
        StripeUnavailable, StripeRefused: Stripe does not answer.
    """
    row = find_at_stripe(customer_id, gateway().account_id())
    stripe_id = row.stripe_id if row else None
    end_read()
    return saved_cards.list_saved(stripe_id) if stripe_id else []


def remove_card(customer_id: int, card_id: str) -> SavedCard | None:
    """Remove one of this customer's own; None where they have no such card, or not any more.

    Raises:
        StripeUnavailable, StripeRefused: as above; the same call may be repeated.
    """
    card = next((card for card in list_cards(customer_id) if card.id == card_id), None)
    if card is not None:
        saved_cards.detach(card.id)
    return card


def delete_given_up() -> None:
    """Delete Customers of erased and moved buyers at Stripe, with their cards. What fails is tried again.

    One that a bank transfer is still to reach, or whose balance holds money, waits for that. Stripe is asked about
    each at most hourly, those first that were not asked about for longest; also where an order says that money
    lies there, as that is of its own currency alone.
    """
    for row_id, stripe_id in _find_given_up(gateway().account_id()) if _has_given_up() else ():
        if take_lease(_lease(row_id), seconds=ASKED_SECONDS) and not _try_to_delete(row_id, stripe_id):
            give_back_lease(_lease(row_id))
            return


def _lease(row_id: int) -> str:
    return f"{ASKED}{row_id}"


def _try_to_delete(row_id: int, stripe_id: str | None) -> bool:
    """Return False where Stripe does not answer now. What it refuses holds up no other."""
    try:
        cash = _delete_unless_cash(stripe_id) if stripe_id is not None else {}
    except StorefrontError as error:
        log.warning("a customer is not deleted at stripe", extra={"why": error.code})
        return _tell_refused(stripe_id or "", error)
    with transaction() as session:
        _settle_given_up(session, row_id, stripe_id, cash)
    return True


def _delete_unless_cash(stripe_id: str) -> dict[str, int]:
    """Return what lies in the balance: of a transfer that no order tells of, as one that its owner asked for."""
    cash = saved_cards.find_cash(stripe_id)
    if not cash:
        saved_cards.delete_customer(stripe_id)
    return cash


def _tell_refused(stripe_id: str, error: StorefrontError) -> bool:
    """Return False where nothing was refused, or the key is, which would be said of everything."""
    if not _is_about_one(error):
        return False
    with transaction() as session:
        settle_notices(session, [_refused(stripe_id)], kinds=(NoticeKind.CUSTOMER_REFUSED,), about=(stripe_id,))
    return True


def _is_about_one(error: StorefrontError) -> bool:
    return isinstance(error, StripeRefused) and error.stripe_code != NO_KEY


def _settle_given_up(session: Session, row_id: int, stripe_id: str | None, cash: Mapping[str, int]) -> None:
    """Forget who is deleted. Of money that keeps another the owner is told, in one line for each currency."""
    if stripe_id is not None:
        said = _currencies_said(session, stripe_id)
        drafts = [_kept(stripe_id, *one) for one in sorted(cash.items()) if one[1] and one[0] not in said]
        settle_notices(session, drafts, kinds=KINDS, about=(stripe_id,), forgets_done=True)
    if not cash:
        _forget(session, row_id)


def _forget(session: Session, row_id: int) -> None:
    session.execute(delete(StripeCustomer).where(StripeCustomer.id == row_id))
    session.execute(delete(Lease).where(Lease.name == _lease(row_id)))


def _currencies_said(session: Session, stripe_id: str) -> frozenset[str]:
    """Return those in which an order says what lies there: of no sum the owner is told twice."""
    says_it = (Order.stripe_customer_id == stripe_id) & (Order.excess_minor > 0)
    return frozenset(session.scalars(select(Order.currency).where(says_it)))


def _kept(stripe_id: str, currency: str, minor: int) -> NoticeDraft:
    text = (
        f"The Customer {stripe_id} at Stripe is of a buyer who is erased or has another address, and "
        f"{format_money(minor, currency)} lies in its cash balance. Send it back from its page in the Stripe "
        "Dashboard: the shop deletes it within an hour once nothing lies there."
    )
    subject = balance_subject(stripe_id, currency)
    return NoticeDraft(kind=NoticeKind.EXCESS_PAID, subject=subject, text=text, names_amount=True)


def _refused(stripe_id: str) -> NoticeDraft:
    text = (
        f"The Customer {stripe_id} at Stripe is of a buyer who is erased or has another address, and Stripe does "
        "not let the shop delete it with its cards. Let STRIPE_SECRET_KEY write Customers, or delete it in the "
        "Stripe Dashboard once nothing lies in its cash balance."
    )
    return NoticeDraft(kind=NoticeKind.CUSTOMER_REFUSED, subject=stripe_id, text=text)


def _has_given_up() -> bool:
    found = db.session.scalar(
        select(StripeCustomer.id)
        .where(StripeCustomer.given_up_at.is_not(None), StripeCustomer.mode == settings().mode)
        .limit(1)
    )
    end_read()
    return found is not None


def _is_needed() -> ColumnElement[bool]:
    """Select whom a bank transfer is still to reach."""
    is_awaited = Order.is_paid.is_(False) & Order.has_failed.is_(False)
    return exists().where(Order.stripe_customer_id == StripeCustomer.stripe_id, is_awaited)


def _may_be_asked(now: datetime) -> ColumnElement[bool]:
    """Select by a lease that is over, or of a clock that was ahead, or was never taken."""
    longest = now + timedelta(seconds=ASKED_SECONDS) + clock.AHEAD
    return Lease.until.is_(None) | (Lease.until <= now) | (Lease.until > longest)


def _find_given_up(account: str) -> list[tuple[int, str | None]]:
    now = clock.now()
    is_answered = StripeCustomer.stripe_id.is_not(None) | (StripeCustomer.given_up_at < now - UNANSWERED)
    rows = db.session.execute(
        select(StripeCustomer.id, StripeCustomer.stripe_id)
        .outerjoin(Lease, Lease.name == literal(ASKED) + cast(StripeCustomer.id, String))
        .where(
            StripeCustomer.given_up_at.is_not(None),
            StripeCustomer.mode == settings().mode,
            StripeCustomer.account == account,
            is_answered,
            ~_is_needed(),
            _may_be_asked(now),
        )
        .order_by(Lease.until.asc().nulls_first(), StripeCustomer.given_up_at, StripeCustomer.id)
        .limit(MOST_AT_ONCE)
    )
    found = [(row_id, stripe_id) for row_id, stripe_id in rows]
    end_read()
    return found
