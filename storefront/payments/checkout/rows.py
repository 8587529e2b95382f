"""Rows of checkouts: found for the browser that started them, stored for the attempt they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, cast, select, update
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.runtime import settings
from storefront.orders.models import Order
from storefront.payments.checkout.models import Checkout
from storefront.shop.cart.cart import CartLine
from storefront.stripe_api.seen import SeenCheckout

# Built once: each page after paying asks.
_STARTED = select(Checkout).where(
    Checkout.checkout_session_id == bindparam("session_id"), Checkout.mode == bindparam("mode")
)
_HAS_NO_BODY = Checkout.body.is_(None) | (cast(Checkout.body, Text) == "null")  # the latter is of earlier versions


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedCheckout:
    """A checkout as it was when it was read, also after the transaction it was read in."""

    token: str
    cart: tuple[CartLine, ...]
    is_from_cart: bool
    is_gift: bool
    created_at: datetime
    browser_hash: str

    def is_started_by(self, browser: str) -> bool:
        return self.browser_hash == browser_hash(browser)


def browser_hash(browser: str) -> str:
    return tokens.hash_token(browser)


def find_checkout(token: str, *, browser: str) -> Checkout | None:
    """Find a checkout, only for the browser that started it, in the running mode."""
    if not tokens.is_token(token):
        return None
    return db.session.scalars(
        select(Checkout).where(
            Checkout.token == token,
            Checkout.browser_hash == browser_hash(browser),
            Checkout.mode == settings().mode,
        )
    ).one_or_none()


def find_checkouts(of_tokens: Sequence[str], *, browser: str) -> Sequence[Checkout]:
    """Find those of these tokens that this browser started, in the running mode, in the order of the tokens."""
    wanted = [token for token in of_tokens if tokens.is_token(token)]
    if not wanted:
        return ()
    found = db.session.scalars(
        select(Checkout).where(
            Checkout.token.in_(wanted),
            Checkout.browser_hash == browser_hash(browser),
            Checkout.mode == settings().mode,
        )
    )
    return sorted(found, key=lambda one: wanted.index(one.token))


def find_by_nonce(nonce: str, *, browser: str) -> Checkout | None:
    """Find a checkout, only for the browser that sent it, in the running mode. `nonce` is as the row keeps it."""
    return db.session.scalars(
        select(Checkout).where(
            Checkout.nonce == nonce,
            Checkout.browser_hash == browser_hash(browser),
            Checkout.mode == settings().mode,
        )
    ).one_or_none()


def find_started(session_id: str) -> StartedCheckout | None:
    """Find the checkout behind a Session, whichever browser started it, in the running mode."""
    which = {"session_id": session_id, "mode": settings().mode}
    checkout = db.session.scalars(_STARTED, which).one_or_none()
    if checkout is None:
        return None
    return StartedCheckout(
        token=checkout.token,
        cart=checkout.cart,
        is_from_cart=checkout.is_from_cart,
        is_gift=checkout.gift_id is not None,
        created_at=checkout.created_at,
        browser_hash=checkout.browser_hash,
    )


def get_checkout(token: str) -> Checkout:
    """Return a checkout as committed now, whatever was read before. Raises NoResultFound for an unknown token."""
    return db.session.scalars(
        select(Checkout).where(Checkout.token == token).execution_options(populate_existing=True)
    ).one()


def find_order(checkout: Checkout | None) -> Order | None:
    """Find the order that a checkout has become."""
    if checkout is None or checkout.checkout_session_id is None:
        return None
    return db.session.scalars(
        select(Order).where(Order.checkout_session_id == checkout.checkout_session_id)
    ).one_or_none()


def insert_checkout(
    *,
    cart: tuple[CartLine, ...],
    nonce: str,
    browser: str,
    account: str,
    is_from_cart: bool,
    ui_mode: str,
    customer_id: int | None = None,
    discount_id: int | None = None,
    is_framed: bool = False,
    upgrades_grant_id: int | None = None,
    gift_id: int | None = None,
    referrer: str | None = None,
) -> tuple[str, bool]:
    """Return the token of the new row, or of the one that the same nonce made just now; and whether it is new."""
    row = {
        "token": tokens.new_token(),
        "nonce": nonce,
        "browser_hash": browser_hash(browser),
        "mode": settings().mode,
        "account": account,
        "cart": cart,
        "is_from_cart": is_from_cart,
        "ui_mode": ui_mode,
        "customer_id": customer_id,
        "discount_id": discount_id,
        "is_framed": is_framed,
        "upgrades_grant_id": upgrades_grant_id,
        "gift_id": gift_id,
        "referrer": referrer,
    }
    with transaction() as session:
        insert_missing(session, Checkout, [row])
        token = session.scalars(select(Checkout.token).where(Checkout.nonce == nonce)).one()
    return token, token == row["token"]


def store(token: str, attempt: int, /, **values: Any) -> bool:  # noqa: ANN401 - columns of Checkout
    """Store for this attempt alone: a slow answer must not overwrite a newer one. True when it was stored."""
    with transaction() as session:
        changed = session.scalar(
            update(Checkout)
            .where(Checkout.token == token, Checkout.attempt == attempt)
            .values(**values)
            .returning(Checkout.id)
        )
    return changed is not None


def store_body(token: str, attempt: int, body: dict[str, Any]) -> bool:
    """Store what this attempt sends to Stripe. False where there is one already, or the attempt is another one."""
    with transaction() as session:
        changed = session.scalar(
            update(Checkout)
            .where(Checkout.token == token, Checkout.attempt == attempt, _HAS_NO_BODY)
            .values(body=body)
            .returning(Checkout.id)
        )
    return changed is not None


def store_session(token: str, attempt: int, seen: SeenCheckout) -> bool:
    return store(
        token,
        attempt,
        checkout_session_id=seen.id,
        client_secret=seen.client_secret,
        url=seen.url,
        expires_at=seen.expires_at,
    )


def note_closed(session_id: str) -> None:
    """Note that nobody can pay this Session any more, though the hour that Stripe named has not come."""
    with transaction() as session:
        session.execute(
            update(Checkout)
            .where(Checkout.checkout_session_id == session_id)
            .values(expires_at=clock.now())
            .execution_options(synchronize_session=False)
        )


def take_over_checkouts(session: Session, old: str, new: str) -> None:
    """Give checkouts to another account."""
    of_old = Checkout.mode == settings().mode, Checkout.account == old
    session.execute(
        update(Checkout).where(*of_old).values(account=new).execution_options(synchronize_session=False)
    )


def start_next_attempt(token: str, attempt: int, **values: Any) -> None:  # noqa: ANN401 - columns of Checkout
    """Move on to the next attempt; of two callers that failed with the same one, the second finds it done."""
    forgotten = dict.fromkeys(("body", "checkout_session_id", "client_secret", "url", "expires_at"))
    store(token, attempt, **forgotten, **values, attempt=attempt + 1)
