"""Rows of checkouts, and whose they are: only the browser that started one sees it again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.core import tokens
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.payments.checkout.models import Checkout


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedCheckout:
    """A checkout as it was when it was read, also after the transaction it was read in."""

    token: str
    cart: list[list[int]]
    is_from_cart: bool
    created_at: datetime
    browser_hash: str

    def is_started_by(self, browser: str) -> bool:
        return self.browser_hash == browser_hash(browser)


def browser_hash(browser: str) -> str:
    return tokens.hash_token(browser)


def find_checkout(token: str, *, browser: str) -> Checkout | None:
    """Only for the browser that started it, in the running mode."""
    if not tokens.is_token(token):
        return None
    return db.session.scalars(
        select(Checkout).where(
            Checkout.token == token,
            Checkout.browser_hash == browser_hash(browser),
            Checkout.mode == settings().mode,
        )
    ).one_or_none()


def find_started(session_id: str) -> StartedCheckout | None:
    """The checkout behind a Session, whichever browser started it, in the running mode."""
    checkout = db.session.scalars(
        select(Checkout).where(Checkout.checkout_session_id == session_id, Checkout.mode == settings().mode)
    ).one_or_none()
    if checkout is None:
        return None
    return StartedCheckout(
        token=checkout.token,
        cart=checkout.cart,
        is_from_cart=checkout.is_from_cart,
        created_at=checkout.created_at,
        browser_hash=checkout.browser_hash,
    )
