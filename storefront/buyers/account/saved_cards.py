"""Cards that a buyer saved, as they see and remove them; and Customers that are deleted at Stripe when they go."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, end_read, transaction
from storefront.core.errors import StorefrontError, StripeRefused
from storefront.core.money import format_money
from storefront.core.runtime import settings
from storefront.customers.at_stripe import StripeCustomer, find_at_stripe, has_any_at_stripe
from storefront.orders.models import Order
from storefront.orders.notices import NoticeDraft, NoticeKind, settle_notices
from storefront.shop.profile.saved_cards import may_save_cards
from storefront.stripe_api import saved_cards
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.saved_cards import SavedCard

log = logging.getLogger(__name__)

UNANSWERED = timedelta(days=2)  # Stripe forgets an idempotency key after one
MOST_AT_ONCE = 20


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

    One that a bank transfer is still to reach, or whose balance holds money, waits for that.
    """
    account = gateway().account_id() if _has_given_up() else ""
    for row_id, stripe_id in _find_given_up(account) if account else ():
        try:
            cash = _delete_unless_cash(stripe_id) if stripe_id is not None else {}
        except StorefrontError as error:
            log.warning("a customer is not deleted at stripe", extra={"why": error.code})
            if isinstance(error, StripeRefused):
                continue  # it holds up no other
            return
        with transaction() as session:
            _settle_given_up(session, row_id, stripe_id, cash)


def _delete_unless_cash(stripe_id: str) -> dict[str, int]:
    """Return what lies in the balance: of a transfer that no order tells of, as one that its owner asked for."""
    cash = saved_cards.find_cash(stripe_id)
    if not cash:
        saved_cards.delete_customer(stripe_id)
    return cash


def _settle_given_up(session: Session, row_id: int, stripe_id: str | None, cash: Mapping[str, int]) -> None:
    """Forget who is deleted. Who is kept goes to the end of the line, and the owner is told."""
    _settle_kept(session, stripe_id or "", cash)
    row = StripeCustomer.id == row_id
    if cash:
        session.execute(update(StripeCustomer).where(row).values(given_up_at=clock.now()))
    else:
        session.execute(delete(StripeCustomer).where(row))


def _settle_kept(session: Session, stripe_id: str, cash: Mapping[str, int]) -> None:
    if stripe_id:
        drafts = [_kept(stripe_id, cash)] if any(cash.values()) and not _is_said(session, stripe_id) else []
        settle_notices(session, drafts, kinds=(NoticeKind.EXCESS_PAID,), about=(stripe_id,), forgets_done=True)


def _is_said(session: Session, stripe_id: str) -> bool:
    """Tell whether an order has said it meanwhile: nobody is told twice."""
    says_it = (Order.stripe_customer_id == stripe_id) & (Order.excess_minor > 0)
    return session.scalar(select(Order.id).where(says_it).limit(1)) is not None


def _kept(stripe_id: str, cash: Mapping[str, int]) -> NoticeDraft:
    amounts = " and ".join(format_money(minor, currency) for currency, minor in sorted(cash.items()) if minor)
    text = (
        f"The Customer {stripe_id} at Stripe is of a buyer who is erased or has another address, and {amounts} "
        "lies in its cash balance. Send it back from its page in the Stripe Dashboard: the shop deletes it then."
    )
    return NoticeDraft(kind=NoticeKind.EXCESS_PAID, subject=stripe_id, text=text, names_amount=True)


def _has_given_up() -> bool:
    found = db.session.scalar(
        select(StripeCustomer.id)
        .where(StripeCustomer.given_up_at.is_not(None), StripeCustomer.mode == settings().mode)
        .limit(1)
    )
    end_read()
    return found is not None


def _find_given_up(account: str) -> list[tuple[int, str | None]]:
    is_awaited = or_(Order.is_paid.is_(False) & Order.has_failed.is_(False), Order.excess_minor > 0)
    is_needed = exists().where(Order.stripe_customer_id == StripeCustomer.stripe_id, is_awaited)
    is_answered = StripeCustomer.stripe_id.is_not(None) | (StripeCustomer.given_up_at < clock.now() - UNANSWERED)
    rows = db.session.execute(
        select(StripeCustomer.id, StripeCustomer.stripe_id)
        .where(
            StripeCustomer.given_up_at.is_not(None),
            StripeCustomer.mode == settings().mode,
            StripeCustomer.account == account,
            is_answered,
            ~is_needed,
        )
        .order_by(StripeCustomer.given_up_at)
        .limit(MOST_AT_ONCE)
    )
    found = [(row_id, stripe_id) for row_id, stripe_id in rows]
    end_read()
    return found
