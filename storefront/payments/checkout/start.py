"""From a cart to an open Checkout Session: one row, one Session, whatever is clicked twice or times out."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from storefront.core import tokens
from storefront.core.db import db, end_read, insert_missing, transaction
from storefront.core.errors import StripeFault, StripeInProgress, StripeMissing, StripeRefused
from storefront.core.runtime import settings
from storefront.orders.models import Order
from storefront.payments.checkout.buy_now import way_back
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import browser_hash, find_checkout
from storefront.payments.checkout.session_body import EMBEDDED, HOSTED, build_body
from storefront.shop.catalog import mirrors
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.seen import SeenCheckout

OTHERS_SECONDS = 5  # how long the second of two clicks waits for the Session that the first one is making


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCheckout:
    """A Checkout with its Session at Stripe; `url` is the hosted page's, `client_secret` the embedded form's."""

    token: str
    session_id: str
    ui_mode: str
    client_secret: str | None
    url: str | None
    cart: list[list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidMeanwhile:
    """The old Session could not be expired because it is not open any more: show what became of it."""

    session_id: str


def find_order_id(session_id: str) -> int | None:
    return db.session.scalar(select(Order.id).where(Order.checkout_session_id == session_id))


def open_row(
    *, cart: list[list[int]], nonce: str, browser: str, current_token: str | None, is_from_cart: bool = True
) -> str | PaidMeanwhile:
    """The token of the browser's one open checkout: the same cart goes back to it, another replaces its Session.

    A double click sends the same nonce twice and gets the same token. So does a form whose first answer was lost.
    """
    row = _find_by_nonce(_own(nonce, browser, is_from_cart=is_from_cart), browser=browser)
    if row is not None and find_order_id(row.checkout_session_id or "") is not None:
        return row.token
    if row is None and current_token:
        row = find_checkout(current_token, browser=browser)
        order = _find_order(row)
        if row is not None and order is not None:
            if not order.has_failed:
                return PaidMeanwhile(session_id=order.checkout_session_id)  # its page was never seen
            row = None
    if row is None:
        return _insert_row(cart=cart, nonce=nonce, browser=browser, is_from_cart=is_from_cart)
    return _take_up(row, cart)


def _find_order(row: Checkout | None) -> Order | None:
    if row is None or row.checkout_session_id is None:
        return None
    return db.session.scalars(
        select(Order).where(Order.checkout_session_id == row.checkout_session_id)
    ).one_or_none()


def _take_up(row: Checkout, cart: list[list[int]]) -> str | PaidMeanwhile:
    """The old Session as Stripe sees it now decides: paid, still good for this cart, or replaced.

    Nobody may pay both, so an open one for another cart is expired first.
    """
    token, attempt, session_id, is_same = row.token, row.attempt, row.checkout_session_id, row.cart == cart
    account = gateway().account_id()
    if row.account != account or session_id is None:
        if row.account != account or not is_same:
            _next_attempt(token, attempt, cart=cart, account=account, ui_mode=EMBEDDED)
        return token
    status = gateway().find_status(session_id)
    if status == "complete":
        return PaidMeanwhile(session_id=session_id)
    if status == "open" and is_same:
        return token
    if status == "open" and not gateway().close_checkout(session_id):
        return PaidMeanwhile(session_id=session_id)
    _next_attempt(token, attempt, cart=cart, ui_mode=EMBEDDED)
    return token


def _find_by_nonce(nonce: str, *, browser: str) -> Checkout | None:
    return db.session.scalars(
        select(Checkout).where(
            Checkout.nonce == nonce,
            Checkout.browser_hash == browser_hash(browser),
            Checkout.mode == settings().mode,
        )
    ).one_or_none()


def _own(nonce: str, browser: str, *, is_from_cart: bool) -> str:
    """A form's nonce in another browser is another nonce: nobody can take a checkout over, or stand in its way."""
    return tokens.hash_token(f"{'cart' if is_from_cart else 'now'}:{browser}:{nonce}")


def _insert_row(*, cart: list[list[int]], nonce: str, browser: str, is_from_cart: bool) -> str:
    row = {
        "token": tokens.new_token(),
        "nonce": _own(nonce, browser, is_from_cart=is_from_cart),
        "browser_hash": browser_hash(browser),
        "mode": settings().mode,
        "account": gateway().account_id(),
        "cart": cart,
        "is_from_cart": is_from_cart,
    }
    with transaction() as session:
        insert_missing(session, Checkout, [row])
        return session.scalars(select(Checkout.token).where(Checkout.nonce == row["nonce"])).one()


def ensure_session(token: str) -> OpenCheckout:
    """The checkout's Session at Stripe, made when it is missing.

    No answer: the attempt, its key and its stored body stay, so asking again makes no second Session. A
    definite error: the next try is a new attempt, since Stripe replays a stored 500 for 24 hours.

    Raises:
        StripeUnavailable, StripeRefused: nothing is lost, the same call may be repeated.
    """
    row = _get_row(token)
    if row.checkout_session_id is not None:
        return _opened(row)
    try:
        return _create_session(token, remake="")
    except StripeInProgress:
        return _wait_for_other(token)
    except StripeMissing as error:
        row = _get_row(token)
        prices = [price_id for price_id, _quantity in row.cart]
        _next_attempt(token, row.attempt)
        mirrors.forget_mirrors(prices)
        return _create_session(token, remake=tokens.hash_token(str(error))[:16])


def _wait_for_other(token: str) -> OpenCheckout:
    """The other click of a double click is making this very Session, and its row will tell.

    Raises StripeInProgress: it takes too long.
    """
    deadline = time.monotonic() + OTHERS_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.1)
        end_read()  # a new look each time
        row = _get_row(token)
        if row.checkout_session_id is not None:
            return _opened(row)
    raise StripeInProgress


def _create_session(token: str, *, remake: str) -> OpenCheckout:
    row = _get_row(token)
    attempt, body, cart, ui_mode = row.attempt, row.body, row.cart, row.ui_mode
    back = way_back(cart, is_from_cart=row.is_from_cart)
    if body is None:
        prices = mirrors.ensure_mirrors([price_id for price_id, _quantity in cart], remake=remake)
        shop_id = mirrors.shop_id()
        body = build_body(
            settings(),
            shop_id=shop_id,
            token=token,
            ui_mode=ui_mode,
            cart=cart,
            mirrors=prices,
            way_back=back,
        )
        _store(token, attempt, body=body)
    try:
        seen = gateway().create_checkout(body, idempotency_key=f"checkout:{token}:{attempt}")
    except StripeMissing:
        raise
    except (StripeFault, StripeRefused):
        _next_attempt(token, attempt)
        raise
    if not _store_session(token, attempt, seen):
        # Another tab has changed the cart meanwhile: what was made for the old one must not stay payable.
        gateway().close_checkout(seen.id)
        return ensure_session(token)
    return _opened(_get_row(token))


def switch_to_hosted(token: str) -> OpenCheckout | PaidMeanwhile:
    """Stripe's own page instead of the embedded form: the embedded Session is expired first."""
    row = _get_row(token)
    session_id, attempt = row.checkout_session_id, row.attempt
    if row.ui_mode != HOSTED:
        if session_id and not gateway().close_checkout(session_id):
            return PaidMeanwhile(session_id=session_id)
        _next_attempt(token, attempt, ui_mode=HOSTED)
    return ensure_session(token)


def _get_row(token: str) -> Checkout:
    return db.session.scalars(
        select(Checkout).where(Checkout.token == token).execution_options(populate_existing=True)
    ).one()


def _opened(row: Checkout) -> OpenCheckout:
    if row.checkout_session_id is None:
        raise RuntimeError("checkout has no session")
    return OpenCheckout(
        token=row.token,
        session_id=row.checkout_session_id,
        ui_mode=row.ui_mode,
        client_secret=row.client_secret,
        url=row.url,
        cart=row.cart,
    )


def _store(token: str, attempt: int, /, **values: Any) -> bool:  # noqa: ANN401 - columns of Checkout
    """Only for the attempt it was made for: a slow answer must not overwrite a newer attempt."""
    with transaction() as session:
        changed = session.scalar(
            update(Checkout)
            .where(Checkout.token == token, Checkout.attempt == attempt)
            .values(**values)
            .returning(Checkout.id)
        )
    return changed is not None


def _store_session(token: str, attempt: int, seen: SeenCheckout) -> bool:
    return _store(
        token,
        attempt,
        checkout_session_id=seen.id,
        client_secret=seen.client_secret,
        url=seen.url,
        expires_at=seen.expires_at,
    )


def _next_attempt(token: str, attempt: int, **values: Any) -> None:  # noqa: ANN401 - columns of Checkout
    """Of two callers that failed with the same attempt one moves on, and the other finds it done."""
    forgotten = dict.fromkeys(("body", "checkout_session_id", "client_secret", "url", "expires_at"))
    _store(token, attempt, **forgotten, **values, attempt=attempt + 1)
