"""Sessions that show somebody's saved cards are closed at Stripe once that browser has signed out."""

import logging

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError, StripeRefused
from storefront.core.runtime import settings
from storefront.customers.at_stripe import StripeCustomer, is_second_of_two
from storefront.orders.models import Order
from storefront.payments.checkout.models import Checkout
from storefront.stripe_api.gateway import gateway

log = logging.getLogger(__name__)

NOBODYS = ""  # the hash of no browser, and no account
MOST_AT_ONCE = 50


def leave_sessions(changes: Session, *, browser_hash: str | None = None, customer_id: int | None = None) -> None:
    """Take checkouts with somebody's cards from their browsers. Inside the caller's transaction."""
    whose = Checkout.browser_hash == browser_hash if customer_id is None else Checkout.customer_id == customer_id
    changes.execute(
        update(Checkout)
        .where(whose, Checkout.customer_id.is_not(None))
        .values(browser_hash=NOBODYS, nonce="left:" + Checkout.token)  # the same form sent again begins anew
        .execution_options(synchronize_session=False)
    )


def leave_sessions_of_second(changes: Session, old: str, new: str) -> None:
    """Let checkouts be of no account that show a Customer which `take_over_customers` gives up next.

    Whoever comes back to one has it closed first, or is told that it is paid: no order need say so yet.
    """
    shows_second = (
        StripeCustomer.customer_id == Checkout.customer_id,
        StripeCustomer.account == Checkout.account,
        is_second_of_two(old, new),
    )
    changes.execute(
        update(Checkout)
        .where(select(StripeCustomer.id).where(*shows_second).exists())
        .values(account=NOBODYS)
        .execution_options(synchronize_session=False)
    )


def close_left() -> None:
    """Close what was left at Stripe. One cheap question when there is nothing; what fails is asked for again."""
    for row_id, session_id in _find_left():
        try:
            gateway().close_checkout(session_id)
        except StorefrontError as error:
            log.warning("a session that was left is still open", extra={"why": error.code})
            if isinstance(error, StripeRefused):
                continue  # it holds up no other
            return
        with transaction() as session:
            session.execute(update(Checkout).where(Checkout.id == row_id).values(customer_id=None))


def _find_left() -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(Checkout.id, Checkout.checkout_session_id)
        .outerjoin(Order, Order.checkout_session_id == Checkout.checkout_session_id)
        .where(
            Checkout.customer_id.is_not(None),
            Checkout.browser_hash == NOBODYS,
            Checkout.mode == settings().mode,
            Checkout.checkout_session_id.is_not(None),
            Order.id.is_(None),
        )
        .limit(MOST_AT_ONCE)
    )
    return [(row_id, str(session_id)) for row_id, session_id in rows]
