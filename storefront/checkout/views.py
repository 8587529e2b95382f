"""`/checkout…`: start, the page with Stripe's form, the return page."""

import re
import secrets

from flask import (
    Blueprint,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from storefront import tokens
from storefront.cart.cart import NONCE_KEY, CartLine, load_cart, new_nonce, save_cart, subtract
from storefront.cart.priced import price_cart
from storefront.checkout import return_page, start
from storefront.checkout.again import find_pending_purchase, mail_the_link
from storefront.checkout.return_page import Landing
from storefront.errors import AccessDenied, NotFound, StripeRefused, StripeUnavailable
from storefront.fulfillment.fulfill import Outcome
from storefront.library.purchase import read_purchase
from storefront.orders.browsers import get_order_here
from storefront.outage_pages import payment_is_safe
from storefront.web import limiter, settings, wants_json

# Open: a checkout is its browser's own, by the session cookie.
checkout = Blueprint("checkout", __name__)

SESSION_ID = re.compile(r"cs_(test|live)_[A-Za-z0-9]{8,200}")
TEMPLATES = {
    Outcome.FULFILLED: "checkout/fulfilled.html",
    Outcome.ALREADY_FULFILLED: "checkout/fulfilled.html",
    Outcome.AWAITING_PAYMENT: "checkout/waiting.html",
    Outcome.NOT_PAID: "checkout/failed.html",
    Outcome.EXPIRED: "checkout/expired.html",
}


def browser_id() -> str:
    """Random, in the signed cookie: who started a checkout."""
    if "browser" not in session:
        session["browser"] = secrets.token_urlsafe(16)
        session.permanent = True
    return str(session["browser"])


@checkout.post("/checkout")
@limiter.limit("10/minute;60/hour")
def begin() -> ResponseReturnValue:
    cart = [[line.price_id, line.quantity] for line in price_cart(load_cart(session)).lines]
    if not cart:
        return redirect(url_for("cart.cart"), 303)
    pending = find_pending_purchase(cart, browser=browser_id())
    if pending and "again" not in request.form:
        return render_template("checkout/ask_again.html", purchase=pending, nonce=new_nonce(session))
    nonce = request.form.get("nonce", "")
    return _open(cart, nonce=nonce if tokens.is_token(nonce) else new_nonce(session))


def _open(cart: list[list[int]], *, nonce: str) -> ResponseReturnValue:
    try:
        opened = start.open_row(
            cart=cart, nonce=nonce, browser=browser_id(), current_token=session.get("checkout")
        )
        if isinstance(opened, start.PaidMeanwhile):
            return redirect(url_for("checkout.returned", session_id=opened.session_id), 303)
        session["checkout"] = opened
        start.ensure_session(opened)
    except (StripeUnavailable, StripeRefused) as error:
        return _trouble(error)
    session.pop(NONCE_KEY, None)
    return redirect(url_for("checkout.form", token=opened), 303)


def _trouble(error: StripeUnavailable | StripeRefused) -> ResponseReturnValue:
    may_retry = isinstance(error, StripeUnavailable)
    # Stripe's own words are for the owner, and in the logs.
    message = error.message if may_retry else "This shop cannot take the payment right now."
    page = render_template(
        "checkout/trouble.html", message=message, retry=may_retry, token=None, nonce=new_nonce(session)
    )
    answer = make_response(page, error.status)
    if error.retry_after_seconds:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


@checkout.get("/checkout/<token>")
def form(token: str) -> ResponseReturnValue:
    row = start.find_checkout(token, browser=browser_id())
    if row is None:
        raise NotFound("This checkout belongs to another browser, or is over. Your cart is where it was.")
    if row.checkout_session_id and start.find_order_id(row.checkout_session_id) is not None:
        return redirect(url_for("checkout.returned", session_id=row.checkout_session_id))
    if not start.is_usable(row):
        flash("That checkout is over. Your cart is still here: check out again when you are ready.", "good")
        return redirect(url_for("cart.cart"))
    try:
        opened = start.ensure_session(token)
    except (StripeUnavailable, StripeRefused) as error:
        return _trouble(error)
    if opened.url:
        return redirect(opened.url, 303)
    lines = tuple(CartLine(price_id=price_id, quantity=quantity) for price_id, quantity in opened.cart)
    return render_template(
        "checkout/form.html",
        token=token,
        client_secret=opened.client_secret,
        publishable_key=settings().stripe_publishable_key,
        stripe_js_url=settings().stripe_js_url,
        priced=price_cart(lines),
        return_url=url_for("checkout.returned", session_id=opened.session_id),
    )


@checkout.post("/checkout/<token>/hosted")
@limiter.limit("10/minute;60/hour")
def hosted(token: str) -> ResponseReturnValue:
    if start.find_checkout(token, browser=browser_id()) is None:
        raise NotFound("This checkout belongs to another browser, or is over. Your cart is where it was.")
    try:
        opened = start.switch_to_hosted(token)
    except (StripeUnavailable, StripeRefused) as error:
        return _trouble(error)
    if isinstance(opened, start.PaidMeanwhile):
        return redirect(url_for("checkout.returned", session_id=opened.session_id), 303)
    return redirect(opened.url or url_for("checkout.form", token=token), 303)


@checkout.get("/checkout/return")
def returned() -> ResponseReturnValue:
    session_id = _session_id(request.args.get("session_id", ""))
    try:
        landing = return_page.land(session_id, browser=browser_id())
    except (StripeUnavailable, StripeRefused) as error:
        return _being_checked(error)
    if landing.outcome is Outcome.OPEN:
        target = url_for("checkout.form", token=landing.checkout_token) if landing.checkout_token else "/cart"
        return redirect(target, 303)
    _take_out_of_cart(landing)
    if wants_json():
        return jsonify(state=_state(landing.outcome))
    return _landed(landing, session_id)


def _session_id(raw: str) -> str:
    if not SESSION_ID.fullmatch(raw):
        raise NotFound("This link is not complete. The link in your mail opens your order.")
    return raw


def _state(outcome: Outcome) -> str:
    return "fulfilled" if outcome is Outcome.ALREADY_FULFILLED else outcome.value


def _landed(landing: Landing, session_id: str) -> ResponseReturnValue:
    purchase = landing.purchase
    is_fulfilled = landing.outcome in (Outcome.FULFILLED, Outcome.ALREADY_FULFILLED)
    if purchase and is_fulfilled and not purchase.access_allowed:
        if not landing.shows_keys:
            raise AccessDenied(purchase.access_reason)
        return render_template("library/order.html", purchase=purchase)
    # The way back to the cart holds the order's token: only for the browser that may see the order.
    again_url = purchase.again_url if purchase and landing.shows_keys else url_for("cart.cart")
    page = render_template(
        TEMPLATES[landing.outcome],
        purchase=purchase,
        show_keys=landing.shows_keys,
        again_url=again_url,
        session_id=session_id,
    )
    answer = make_response(page)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _being_checked(error: StripeUnavailable | StripeRefused) -> ResponseReturnValue:
    """Also when it is the shop's key that Stripe refuses: the buyer may have paid, and can do nothing about it."""
    trouble = error if isinstance(error, StripeUnavailable) else StripeUnavailable()
    message = "The payment service is slow to answer us right now."
    return payment_is_safe(trouble, title="Your payment is being checked", message=message)


def _take_out_of_cart(landing: Landing) -> None:
    """Once: only the bought lines leave the cart, what was added meanwhile stays."""
    is_bought = landing.outcome in (Outcome.FULFILLED, Outcome.ALREADY_FULFILLED, Outcome.AWAITING_PAYMENT)
    if not is_bought or landing.checkout_token is None or session.get("checkout") != landing.checkout_token:
        return
    bought = tuple(CartLine(price_id=price_id, quantity=quantity) for price_id, quantity in landing.cart)
    save_cart(session, subtract(load_cart(session), bought))
    session.pop("checkout")


@checkout.post("/checkout/return/mail")
@limiter.limit("3/minute;10/hour")
def mail_link() -> ResponseReturnValue:
    session_id = _session_id(request.form.get("session_id", ""))
    if not mail_the_link(session_id):
        abort(404)
    flash("The mail with your link is on its way to the address you paid with.", "good")
    return redirect(url_for("checkout.returned", session_id=session_id), 303)


@checkout.get("/checkout/again/<token>")
def again(token: str) -> ResponseReturnValue:
    purchase = read_purchase(get_order_here(token))
    lines = tuple(
        CartLine(price_id=item.price_id, quantity=item.quantity) for item in purchase.items if item.price_id
    )
    kept = tuple(line for line in load_cart(session) if line.price_id not in {back.price_id for back in lines})
    save_cart(session, (*lines, *kept))  # a link that was only prefetched must not empty anybody's cart
    flash("Your cart is back as it was. Check out again when you are ready.", "good")
    return redirect(url_for("cart.cart"))
