"""The checkout in a frame on another site. No cookie is read or set; ARCHITECTURE.md says why that is safe.

What a checkout belongs to is a key that the frame's document holds, and sends with its forms. No address has it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core import tokens
from storefront.core.errors import NotFound, StripeRefused, StripeUnavailable
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.payments.buy.framed import Framed, browser_of, open_framed, read_framed, read_sent
from storefront.payments.buy.link import LinkRefused
from storefront.payments.buy.views import buy
from storefront.payments.checkout.discounted import DiscountRefused
from storefront.payments.checkout.return_page import Landing, land
from storefront.payments.checkout.rows import find_checkout
from storefront.payments.checkout.start import OpenCheckout
from storefront.payments.checkout.views import starts
from storefront.payments.fulfillment.outcome import Outcome
from storefront.shop.cart.referrer import read_arrived
from storefront.shop.catalog.products import MovedPage
from storefront.shop.media.queries import find_pictures
from storefront.shop.profile.origins import find_allowed
from storefront.web.first_forms import takes_first_form
from storefront.web.headers import let_frame
from storefront.web.limits import limiter

P = ParamSpec("P")
T = TypeVar("T")
OF_FRAME = ("origin", "v")  # what the script adds to a link: the site, and what it understands
EXPIRED = marked("This checkout has expired. Start again.")
STRANGER = marked("This site can't show the checkout of this shop. Open it in a tab of its own.")
PLACED = (Outcome.FULFILLED, Outcome.ALREADY_FULFILLED, Outcome.AWAITING_PAYMENT)


def in_frame(view: Callable[P, T]) -> Callable[P, T | ResponseReturnValue]:
    """Let the one site that asks show this, if the owner named it. Errors are answered for that site as well."""

    @wraps(view)
    def framed(*args: P.args, **kwargs: P.kwargs) -> T | ResponseReturnValue:
        g.framing_site = find_allowed(request.args.get("origin", ""))
        if not g.framing_site:
            return _refuse(STRANGER, status=403)
        let_frame(g.framing_site)
        return view(*args, **kwargs)

    return framed


@buy.get("/buy/<slug>/frame")
@limiter.limit("120/minute")
@in_frame
def frame(slug: str) -> ResponseReturnValue:
    """Say what is bought. The page's form begins the checkout, by a script of its own."""
    try:
        framed = read_framed(slug, request.args)
    except MovedPage as moved:
        return redirect(_address("buy.frame", moved.slug), 301)
    except LinkRefused as refused:
        return _refuse(refused.message, status=refused.status)
    return _show_start(framed)


@buy.post("/buy/<slug>/frame")
@in_frame
@takes_first_form
@starts
def begin_framed(slug: str) -> ResponseReturnValue:
    """Begin the checkout. Its form is this answer, so no address leads to it."""
    try:
        framed, trouble = read_sent(slug, request.args, request.form)
    except (MovedPage, LinkRefused):
        return redirect(_address("buy.frame", slug), 303)  # which says what changed
    if trouble:
        return _show_start(replace(framed, notes=(trouble,)))
    key = request.form.get("nonce", "")
    key = key if _is_key(key) else tokens.new_token()
    try:
        opened = open_framed(framed, key, referrer=read_arrived(g.framing_site))
    except DiscountRefused as refused:
        return _show_start(framed.at_whole_price(refused.message))
    except (StripeUnavailable, StripeRefused) as error:
        return _show_trouble(framed, error, key)
    return _show_form(framed, opened, key) if isinstance(opened, OpenCheckout) else _show_landing(opened, key)


@buy.post("/buy/<slug>/frame/paid")
@limiter.limit("60/minute")
@in_frame
@takes_first_form
def framed_paid(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the template's address has it
    """Show what became of the checkout whose key this form has."""
    key, token = request.form.get("nonce", ""), request.form.get("token", "")
    row = find_checkout(token, browser=browser_of(key)) if _is_key(key) else None
    if row is None or row.checkout_session_id is None:
        raise NotFound(EXPIRED)
    return _show_landing(row.token, key)


def _is_key(text: str) -> bool:
    return tokens.is_token(text) and len(text) >= 22  # 128 bits


def _show_start(framed: Framed) -> str:
    product_id = framed.offer.product_id
    return _render(
        "payments/buy/framed_start.html",
        framed=framed,
        pictures=find_pictures([product_id])[product_id],
        nonce=tokens.new_token(),
    )


def _show_form(framed: Framed, opened: OpenCheckout, key: str) -> str:
    return _render(
        "payments/buy/framed_form.html",
        framed=framed,
        token=opened.token,
        key=key,
        client_secret=opened.client_secret,
        publishable_key=settings().stripe_publishable_key,
        stripe_js_url=settings().stripe_js_url,
    )


def _show_landing(token: str, key: str) -> ResponseReturnValue:
    row = find_checkout(token, browser=browser_of(key))
    session_id = row.checkout_session_id if row else None
    if session_id is None:
        raise NotFound(EXPIRED)
    landing: Landing | None
    try:
        landing = land(session_id, browser=browser_of(key), is_framed=True)
    except (StripeUnavailable, StripeRefused):
        landing = None
    return _render(
        "payments/buy/framed_landed.html",
        landing=landing,
        state=_state(landing) if landing else "checking",
        token=token,
        key=key,
        number=_number(landing) if landing else "",
    )


def _state(landing: Landing) -> str:
    """Return which part of the page is shown."""
    purchase = landing.purchase
    if landing.is_by_mail:
        return "by_mail"
    if landing.outcome in (Outcome.FULFILLED, Outcome.ALREADY_FULFILLED):
        return "delivered" if purchase and purchase.access_allowed and landing.shows_keys else "closed"
    return {Outcome.AWAITING_PAYMENT: "waiting", Outcome.OPEN: "open"}.get(landing.outcome, "failed")


def _number(landing: Landing) -> str:
    """Return the order's number, for the site around the frame: all that it is told."""
    return landing.purchase.number if landing.purchase and landing.outcome in PLACED else ""


def _show_trouble(framed: Framed, error: StripeUnavailable | StripeRefused, key: str) -> ResponseReturnValue:
    may_retry = isinstance(error, StripeUnavailable)
    message = error.message if may_retry else marked("This shop cannot take the payment right now.")
    answer = make_response(
        _render("payments/buy/framed_trouble.html", framed=framed, message=message, may_retry=may_retry, key=key),
        error.status,
    )
    if error.retry_after_seconds:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _refuse(message: str, *, status: int) -> ResponseReturnValue:
    return _render("payments/buy/framed_refused.html", message=message), status


def _address(endpoint: str, slug: str) -> str:
    """Return an address of the frame, with all that its link says."""
    return url_for(endpoint, slug=slug) + "?" + request.query_string.decode("ascii", "ignore")


def _render(template: str, **parts: object) -> str:
    """Render a page of the frame. `own_url` is the same in a tab of its own."""
    slug = (request.view_args or {})["slug"]
    asked = urlencode({word: text for word, text in request.args.items() if word not in OF_FRAME})
    return render_template(
        template,
        own_url=url_for("buy.link", slug=slug) + (f"?{asked}" if asked else ""),
        action=_address("buy.begin_framed", slug),
        paid_url=_address("buy.framed_paid", slug),
        site=g.framing_site,
        **parts,
    )
