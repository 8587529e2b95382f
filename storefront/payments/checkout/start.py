"""From a cart to an open Checkout Session: one row, one Session, whatever is clicked twice or times out."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from storefront.core import tokens
from storefront.core.db import end_read
from storefront.core.errors import (
    StripeFault,
    StripeInProgress,
    StripeMissing,
    StripeRefused,
)
from storefront.core.languages import current_language
from storefront.core.runtime import settings
from storefront.customers.at_stripe import ensure_at_stripe
from storefront.orders.gifts import MARK, find_kept, keep_wish
from storefront.orders.upgrades import find_last_upgrade, find_lasting_name
from storefront.payments.checkout import face, news_box, terms_box
from storefront.payments.checkout.beside import ensure_beside
from storefront.payments.checkout.buy_now import way_back
from storefront.payments.checkout.checkout_form import (
    ASKED,
    CheckoutForm,
    is_in_its_place,
    is_of,
    is_other_gift,
    is_same_sale,
    is_settled,
    sells_the_same,
)
from storefront.payments.checkout.discounted import (
    find_discount,
    for_first_purchase,
    is_first_purchase,
)
from storefront.payments.checkout.first_once import close_beside
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import (
    find_by_nonce,
    find_checkouts,
    find_order,
    get_checkout,
    insert_checkout,
    start_next_attempt,
    store_body,
    store_session,
)
from storefront.payments.checkout.session_body import build_body
from storefront.payments.checkout.tries import Try, after_refusal, first_try
from storefront.payments.checkout.ui import HOSTED
from storefront.shop.cart.cart import CartLine
from storefront.shop.catalog import mirrors
from storefront.shop.catalog.parts import freeze_moment, freeze_parts
from storefront.shop.catalog.upgrades import freeze_upgraded
from storefront.shop.pages.consent import read_checkout_words
from storefront.shop.profile.read import read_profile
from storefront.stripe_api.gateway import COMPLETE, gateway

log = logging.getLogger(__name__)

# Two boxes, the looks, the prices, what is beside them, the Customer, and a box that another click has asked for.
MOST_MENDED = 7
OTHERS_SECONDS = 5  # how long the second of two clicks waits for the Session that the first one is making


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCheckout:
    """A Checkout with its Session at Stripe; `url` is the hosted page's, `client_secret` a form's in our page."""

    token: str
    session_id: str
    ui_mode: str
    client_secret: str | None
    url: str | None
    cart: tuple[CartLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidMeanwhile:
    """The old Session could not be expired because it is not open any more: show what became of it.

    `is_pending`: its money is still to come, so whoever asks for something else is asked first. `has_other_gift`:
    other words of a gift were sent than those it was ordered with.
    """

    session_id: str
    is_pending: bool = False
    has_other_gift: bool = False


def open_checkout(form: CheckoutForm, *, browser: str, current_tokens: Sequence[str] = ()) -> str | PaidMeanwhile:
    """Return the token of the one open checkout: the same goes back to it, what corrects it replaces its Session.

    A double click sends the same nonce twice and gets the same token. So does a form whose first answer was lost.
    What is paid is sold once. A page back from the browser's history may ask for something else with its nonce: a
    purchase of its own, where two clicks are one as well. So is an upgrade that is for sale although it was paid:
    that money went back.
    `current_tokens` are of the checkouts that this browser has open; none to leave them alone. Where this form
    has a discount on a first purchase, others with one are closed all the same.
    """
    begun = _find_or_begin(form, browser, current_tokens)
    if not form.first_email or isinstance(begun, PaidMeanwhile):
        return begun
    paid = close_beside(begun, browser=browser)
    return begun if paid is None else PaidMeanwhile(session_id=paid)


def _find_or_begin(form: CheckoutForm, browser: str, current_tokens: Sequence[str]) -> str | PaidMeanwhile:
    sent_before = find_by_nonce(form.own_nonce(browser), browser=browser)
    if sent_before is None:
        return _go_on_or_begin(form, browser, current_tokens)
    paid = find_order(sent_before)
    if paid is not None and form.upgrades_grant_id is None and is_same_sale(sent_before, form):
        return PaidMeanwhile(session_id=paid.checkout_session_id)
    token = sent_before.token
    if paid is None and is_in_its_place(sent_before, form):
        taken = _take_up(sent_before, form)
        if taken is not None:
            return taken
        current_tokens = [one for one in current_tokens if one != token]  # Stripe has just said that it is paid
    return _find_or_begin(_beside(form, token), browser, current_tokens)


def _beside(form: CheckoutForm, token: str) -> CheckoutForm:
    """Return the form with a nonce of its own, for a purchase beside the checkout that its nonce began."""
    return replace(form, nonce=f"{form.nonce}:{token}")


def _go_on_or_begin(form: CheckoutForm, browser: str, current_tokens: Sequence[str]) -> str | PaidMeanwhile:
    begun = find_checkouts(current_tokens, browser=browser)
    orders = [(one, find_order(one)) for one in begun if is_in_its_place(one, form)]
    for one, order in orders:
        if order is not None and not order.has_failed and is_settled(one, form):
            # its page was never seen
            return PaidMeanwhile(session_id=order.checkout_session_id, has_other_gift=is_other_gift(one, form))
    taken = _take_up_one([one for one, order in orders if order is None], form)
    return taken if taken is not None else _begin(form, browser)


def _take_up_one(unpaid: Sequence[Checkout], form: CheckoutForm) -> str | PaidMeanwhile | None:
    """Take up the first that is not paid after all: of two the older one is, and the shop has not heard yet.

    What asks for the same as one of them goes there first, so that nobody pays it twice.
    """
    for one in sorted(unpaid, key=lambda one: not is_settled(one, form)):
        taken = _take_up(one, form)
        if taken is not None:
            return taken
    return None


def _begin(form: CheckoutForm, browser: str) -> str | PaidMeanwhile:
    """Begin anew. A click at the same moment may have been first with the nonce, and ask for another edition."""
    token, is_new = _insert(form, browser)
    if is_new:
        return token
    begun = get_checkout(token)
    taken = token if is_same_sale(begun, form) else _take_up(begun, form)
    return taken if taken is not None else _find_or_begin(_beside(form, token), browser, ())


def _insert(form: CheckoutForm, browser: str) -> tuple[str, bool]:
    return insert_checkout(
        cart=form.cart,
        nonce=form.own_nonce(browser),
        browser=browser,
        account=gateway().account_id(),
        is_from_cart=form.is_from_cart,
        ui_mode=form.ui_mode,
        customer_id=form.customer_id,
        discount_id=form.discount_id,
        is_framed=form.is_framed,
        upgrades_grant_id=form.upgrades_grant_id,
        gift_id=_keep_gift(form),
        referrer=form.referrer or None,
    )


def _keep_gift(form: CheckoutForm) -> int | None:
    return keep_wish(form.gift) if form.gift is not None else None


def _take_up(checkout: Checkout, form: CheckoutForm) -> str | PaidMeanwhile | None:
    """Lead the same cart back to the checkout, or give the checkout this cart.

    The old Session as Stripe sees it now decides: paid, still good for this cart, or replaced. Nobody may pay
    both, so an open one for another cart is expired first; and one of another account, if Stripe knows it here.
    None where it is paid and the form asks for something else, as if the shop had heard of it. Money that is still
    to come is told of, whatever is asked for.
    """
    account = gateway().account_id()  # first: it may give this row another account
    token, attempt, session_id = checkout.token, checkout.attempt, checkout.checkout_session_id
    is_same = checkout.account == account and is_of(checkout, form) and sells_the_same(checkout)
    referrer, settles = form.referrer or checkout.referrer, is_settled(checkout, form)
    has_other_gift = is_other_gift(checkout, form)
    status = gateway().find_status(session_id) if session_id is not None else "open"
    if status == "open" and is_same:
        return token
    if session_id is not None and _is_paid_or_stays_open(session_id, status):
        seen = PaidMeanwhile(session_id=session_id, is_pending=status == "unpaid", has_other_gift=has_other_gift)
        return seen if settles or status != "complete" else None
    new = {name: getattr(form, name) for name in ASKED} | {"gift_id": _keep_gift(form), "referrer": referrer}
    start_next_attempt(token, attempt, account=account, ui_mode=form.ui_mode, **new)
    return token


def _is_paid_or_stays_open(session_id: str, status: str | None) -> bool:
    """Stripe does not expire a Session that is being paid at this moment."""
    return status in COMPLETE or (status == "open" and not gateway().close_checkout(session_id))


def ensure_session(token: str, *, first_email: str = "") -> OpenCheckout:
    """Return the checkout's Session at Stripe, made when it is missing.

    No answer: the attempt, its key and its stored body stay, so asking again makes no second Session. A
    definite error: the next try is a new attempt, since Stripe replays a stored 500 for 24 hours.

    Raises:
        StripeUnavailable, StripeRefused: nothing is lost, the same call may be repeated.
        DiscountRefused: the same call goes on at the whole price, which the buyer has to see first.
    """
    checkout = get_checkout(token)
    if checkout.checkout_session_id is not None:
        return _opened(checkout)
    try:
        return _create_anyhow(token, first_email)
    except StripeInProgress:
        return _wait_for_other(token)


def _create_anyhow(token: str, first_email: str) -> OpenCheckout:
    """Sell all the same: without what Stripe refuses of it, and with prices made anew that it lost."""
    tried = first_try()
    for _mended in range(MOST_MENDED):
        try:
            return _create_session(token, tried, first_email=first_email)
        except StripeRefused as error:
            tried = after_refusal(token, tried, error)
    return _create_session(token, tried, first_email=first_email)


def _wait_for_other(token: str) -> OpenCheckout:
    """Wait for the other click of a double click is making this very Session, and its row will tell.

    Raises StripeInProgress: it takes too long.
    """
    deadline = time.monotonic() + OTHERS_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.1)
        end_read()  # a new look each time
        checkout = get_checkout(token)
        if checkout.checkout_session_id is not None:
            return _opened(checkout)
    raise StripeInProgress


def _create_session(token: str, tried: Try, *, first_email: str) -> OpenCheckout:
    attempt, stored = _ensure_body(token, tried)
    body = for_first_purchase(token, stored, first_email)
    key = _idempotency_key(token, attempt, first_email)
    try:
        seen = gateway().create_checkout(body, idempotency_key=key)
    except StripeMissing:
        raise
    except (StripeFault, StripeRefused):
        start_next_attempt(token, attempt)
        raise
    if not store_session(token, attempt, seen):
        # Another tab has changed the cart meanwhile: what was made for the old one must not stay payable.
        gateway().close_checkout(seen.id)
        return ensure_session(token, first_email=first_email)
    _note_boxes(body)
    return _opened(get_checkout(token))


def _idempotency_key(token: str, attempt: int, first_email: str) -> str:
    key = f"checkout:{token}:{attempt}"
    return f"{key}:{tokens.hash_token(first_email)[:16]}" if first_email else key


def _note_boxes(body: dict[str, Any]) -> None:
    """Note which boxes Stripe took."""
    asked = body.get("consent_collection", {})
    if "terms_of_service" in asked:
        terms_box.BOX.tell_shown()
    if "promotions" in asked:
        news_box.BOX.tell_shown()


def _ensure_body(token: str, tried: Try) -> tuple[int, dict[str, Any]]:
    """Return the attempt and what it sends to Stripe: stored first, so that a repetition is the same."""
    checkout = get_checkout(token)
    attempt, cart, ui_mode = checkout.attempt, checkout.cart, checkout.ui_mode
    customer_id, is_from_cart, discount_id = checkout.customer_id, checkout.is_from_cart, checkout.discount_id
    is_framed, referrer = checkout.is_framed, checkout.referrer
    grant_id = checkout.upgrades_grant_id
    if checkout.body is not None:
        return attempt, checkout.body
    gift = find_kept(checkout.gift_id)
    sold = mirrors.ensure_mirrors([line.price_id for line in cart], remake=tried.remake)
    beside = ensure_beside(sold, ui_mode, remake=tried.remake) if tried.has_beside else {}
    shop_id = mirrors.shop_id()
    stripe_customer = _find_stripe_customer(customer_id, shop_id)
    discount = find_discount(token, discount_id)
    parts = freeze_parts([*sold, *beside])
    parts |= freeze_moment(parts)
    if grant_id is not None:
        parts |= freeze_upgraded(grant_id, find_lasting_name(grant_id), find_last_upgrade(grant_id))
    body = build_body(
        settings(),
        token=token,
        ui_mode=ui_mode,
        cart=cart,
        way_back=way_back(cart, is_from_cart=is_from_cart, is_gift=gift is not None),
        mirrors=sold,
        beside=beside.values(),
        shop_id=shop_id,
        stripe_customer=stripe_customer,
        words=read_checkout_words(),
        face=face.face_of(read_profile(), ui_mode) if face.may_be_sent() else {},
        boxes=tried.boxes,
        discount=discount,
        parts=parts | ({MARK: gift[0]} if gift is not None else {}),
        referrer=referrer,
        is_framed=is_framed,
        language=current_language(),
    )
    # Another click may have been first, or have changed the cart: what is stored goes to Stripe.
    return (attempt, body) if store_body(token, attempt, body) else _ensure_body(token, tried)


def _find_stripe_customer(customer_id: int | None, shop_id: str) -> str | None:
    """Return whose saved cards the Session shows. Where Stripe makes no Customer, it sells without."""
    if customer_id is None:
        return None
    try:
        return ensure_at_stripe(customer_id, shop_id=shop_id)
    except StripeRefused as refused:
        log.warning("no customer at stripe, so no card is saved", extra={"stripe_code": refused.stripe_code})
        return None


def switch_to_hosted(token: str) -> OpenCheckout | PaidMeanwhile:
    """Stripe's own page instead of a form in ours: the form's Session is expired first."""
    checkout = get_checkout(token)
    session_id, attempt, ui_mode = checkout.checkout_session_id, checkout.attempt, checkout.ui_mode
    first_email = ""
    if ui_mode != HOSTED:
        if session_id and is_first_purchase(token):
            first_email = gateway().find_given_email(session_id)  # checked before, and stored nowhere here
        if session_id and not gateway().close_checkout(session_id):
            return PaidMeanwhile(session_id=session_id)
        start_next_attempt(token, attempt, ui_mode=HOSTED)
    return ensure_session(token, first_email=first_email)


def _opened(checkout: Checkout) -> OpenCheckout:
    if checkout.checkout_session_id is None:
        raise RuntimeError("checkout has no session")
    return OpenCheckout(
        token=checkout.token,
        session_id=checkout.checkout_session_id,
        ui_mode=checkout.ui_mode,
        client_secret=checkout.client_secret,
        url=checkout.url,
        cart=checkout.cart,
    )
