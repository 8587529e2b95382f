"""`/checkout…`: start, the page with Stripe's form, the return page."""

import re
from dataclasses import replace

from flask import (
    Blueprint,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from storefront.buyers.library.purchase import Purchase
from storefront.core import tokens
from storefront.core.errors import AccessDenied, NotFound, StripeRefused, StripeUnavailable
from storefront.core.texts import joined, marked
from storefront.orders.gifts import GiftRefused
from storefront.payments.checkout import return_page, start
from storefront.payments.checkout.accept import accept
from storefront.payments.checkout.again import mail_the_link
from storefront.payments.checkout.ask_again import ask_again, find_pending, is_again, show_paid
from storefront.payments.checkout.begun_here import forget_begun, keep_begun, read_begun
from storefront.payments.checkout.browser import browser_id, sent_nonce
from storefront.payments.checkout.buy_now import NotForSale, as_offered, get_offer, line_of, way_back
from storefront.payments.checkout.checkout_form import CheckoutForm, price_id_of
from storefront.payments.checkout.discounted import DiscountRefused, find_first_trouble
from storefront.payments.checkout.first_purchase import ask_in_cart
from storefront.payments.checkout.form_page import show_form
from storefront.payments.checkout.gift_page import lead_back, read_gift, show_gift_page
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.return_page import Landing
from storefront.payments.checkout.rows import StartedCheckout, find_checkout
from storefront.payments.checkout.saver import find_saver, is_theirs
from storefront.payments.checkout.seen_cart import take_cart
from storefront.payments.checkout.state import State, read_state
from storefront.payments.checkout.trouble_pages import show_being_checked, show_trouble
from storefront.payments.checkout.ui import ELEMENTS, EMBEDDED, choose_ui_mode
from storefront.payments.fulfillment.outcome import Outcome
from storefront.shop.cart.cart import NONCE_KEY, load_cart, new_nonce, save_cart, subtract
from storefront.shop.cart.most import find_cart_too_much
from storefront.shop.cart.priced import as_held, as_lines
from storefront.shop.cart.referrer import read_referrer
from storefront.shop.cart.views import parse_number
from storefront.shop.discounts.promotion import go_without
from storefront.shop.discounts.visit import apply_to, find_price_trouble, forget_code, read_offered
from storefront.shop.media.covers import Cover, find_covers
from storefront.web.first_forms import takes_first_form
from storefront.web.flashes import flash, forget_flashes
from storefront.web.limits import limiter
from storefront.web.programs import wants_json

# Open: a checkout is its browser's own, by the session cookie.
checkout = Blueprint("checkout", __name__)

SESSION_ID = re.compile(r"cs_(test|live)_[A-Za-z0-9]{8,200}")
TEMPLATES = {
    Outcome.FULFILLED: "payments/checkout/fulfilled.html",
    Outcome.ALREADY_FULFILLED: "payments/checkout/fulfilled.html",
    Outcome.AWAITING_PAYMENT: "payments/checkout/waiting.html",
    Outcome.NOT_PAID: "payments/checkout/failed.html",
    Outcome.EXPIRED: "payments/checkout/expired.html",
}
NOT_COMPLETED = marked("That payment was not completed, and nothing was charged.")
NO_COOKIES = marked(
    "This checkout opens only in the browser where it began. If that's this one, allow "
    "cookies for this shop and try again."
)
OTHER_BROWSER = marked(
    "This checkout belongs to another browser, or has expired. To try again, go back to where you began."
)
HANDED_OUT = (Outcome.FULFILLED, Outcome.ALREADY_FULFILLED)
BOUGHT = (*HANDED_OUT, Outcome.AWAITING_PAYMENT)

starts = limiter.shared_limit("10/minute;60/hour", scope="checkout starts")


@checkout.post("/checkout")
@starts
def begin() -> ResponseReturnValue:
    priced = take_cart()
    if priced is None:
        is_gift = "is_gift" in request.form
        return show_gift_page(None, request.form) if is_gift else redirect(url_for("cart.cart"), 303)
    offered = read_offered()
    trouble = find_price_trouble(offered, request.form.get("promotion", ""))
    if trouble:
        return lead_back(trouble, None, url_for("cart.cart"))  # the total is another one than was shown
    applied = apply_to(offered, as_lines(priced.lines), priced.currency)
    trouble = find_cart_too_much(priced.total_minor - applied.off_minor, priced.currency)
    if trouble:
        return _too_much_in_cart(trouble)
    try:
        gift = read_gift(costs=priced.total_minor > applied.off_minor)
    except GiftRefused as refused:
        return show_gift_page(None, request.form, refused)
    form = CheckoutForm(
        cart=priced.cart_lines,
        ui_mode=choose_ui_mode(priced.lines),
        nonce=sent_nonce() or new_nonce(session),
        is_from_cart=True,
        customer_id=find_saver(),
        discount_id=applied.discount_id,
        gift=gift,
    )
    return _begin_first(form, applied.code) if applied.is_first_purchase else start_paying(form)


def _too_much_in_cart(trouble: str) -> ResponseReturnValue:
    """Lead to the page of the cart, which says so itself, or to the one of the gift."""
    if "is_gift" in request.form:
        return show_gift_page(None, request.form, GiftRefused(trouble))
    return redirect(url_for("cart.cart"), 303)


def _begin_first(form: CheckoutForm, code: str) -> ResponseReturnValue:
    """Begin with a discount on a first purchase, in a form where the address cannot be changed: Stripe's own."""
    email = request.form.get("first_email", "").strip()
    trouble = find_first_trouble(code, email)
    if trouble:
        return lead_back(trouble, price_id_of(form), url_for("cart.cart"))
    ui_mode = EMBEDDED if form.ui_mode == ELEMENTS else form.ui_mode
    return start_paying(replace(form, ui_mode=ui_mode, customer_id=None, first_email=email))


@checkout.post("/checkout/now")
@takes_first_form
@starts
def buy_now() -> ResponseReturnValue:
    """Buy one thing, in one click from its page. The cart is neither asked nor changed."""
    price_id = parse_number(request.form.get("price_id", ""))
    try:
        offer = get_offer(price_id)
        cart = (line_of(offer, parse_number(request.form.get("quantity", "1"))),)
    except NotForSale as refused:
        return lead_back(refused.message, price_id, refused.page)
    offered = read_offered()
    trouble = find_price_trouble(offered, request.form.get("promotion", ""))
    if trouble:
        return lead_back(trouble, offer.price_id, way_back(cart, is_from_cart=False))
    applied = apply_to(offered, as_offered(offer, cart[0].quantity), offer.currency)
    trouble = find_cart_too_much(offer.amount_minor * cart[0].quantity - applied.off_minor, offer.currency)
    if trouble:
        return lead_back(trouble, offer.price_id, way_back(cart, is_from_cart=False))
    if applied.is_first_purchase and "is_gift" not in request.form:
        return ask_in_cart(cart[0], applied.code)
    try:
        gift = read_gift(costs=offer.is_chosen or offer.amount_minor > applied.off_minor)
    except GiftRefused as refused:
        return show_gift_page(offer.price_id, request.form, refused)
    form = CheckoutForm(
        cart=cart,
        ui_mode=choose_ui_mode([offer]),
        nonce=sent_nonce() or tokens.new_token(),
        is_from_cart=False,
        customer_id=find_saver(),
        discount_id=applied.discount_id,
        gift=gift,
    )
    return _begin_first(form, applied.code) if applied.is_first_purchase else start_paying(form)


def start_paying(form: CheckoutForm) -> ResponseReturnValue:
    """Lead to the form, of this checkout or of the one that is open in this browser."""
    form = replace(form, referrer=read_referrer(is_from_cart=form.is_from_cart))
    pending = find_pending(form)
    if pending:
        return ask_again(form, pending)
    begun = [] if is_again() else read_begun(is_from_cart=form.is_from_cart)
    try:
        token = start.open_checkout(form, browser=browser_id(), current_tokens=begun)
        if isinstance(token, start.PaidMeanwhile):
            return show_paid(token, form)
        keep_begun(token, is_from_cart=form.is_from_cart)
        opened = start.ensure_session(token, first_email=form.first_email)
    except DiscountRefused as refused:
        return _without_code(refused, form)
    except (StripeUnavailable, StripeRefused) as error:
        return _try_later(form, error)
    if form.is_from_cart:
        session.pop(NONCE_KEY, None)
    return redirect(opened.url or url_for("checkout.form", token=token), 303)


def _try_later(form: CheckoutForm, error: StripeUnavailable | StripeRefused) -> ResponseReturnValue:
    if form.upgrades_grant_id is not None:
        return _upgrade_later(error, way_back(form.cart, is_from_cart=False))
    nonce = new_nonce(session) if form.is_from_cart else form.nonce
    return show_trouble(error, form, nonce=nonce)


def _upgrade_later(error: StripeUnavailable | StripeRefused, page: str) -> ResponseReturnValue:
    safe = marked("You haven't been charged. Please try again in a moment.")
    if isinstance(error, StripeUnavailable):
        flash(joined(error.message, safe), "bad")
    else:
        flash(joined(marked("This shop cannot take the payment right now."), safe), "bad")
    return redirect(page, 303)


def _without_code(refused: DiscountRefused, begun: CheckoutForm | Checkout) -> ResponseReturnValue:
    """Nobody pays a price that they have not seen: say why the code is off, where the whole price stands."""
    if refused.promotion_id is None:
        forget_code()
    else:
        go_without(refused.promotion_id)
    is_gift = isinstance(begun, Checkout) and begun.gift_id is not None  # a form has its words with it
    page = way_back(begun.cart, is_from_cart=begun.is_from_cart, is_gift=is_gift)
    return lead_back(refused.message, price_id_of(begun), page)


@checkout.get("/checkout/<token>")
@limiter.limit("60/minute")
def form(token: str) -> ResponseReturnValue:
    """Show the form, or tell programs (the page's script is one) its state: an expired one looks live."""
    row = _get_row(token)
    try:
        state = read_state(row)
        if wants_json():
            return jsonify(state=state, session=row.checkout_session_id)
        if state is not State.OPEN:
            return _lead_on(row, state)
        opened = start.ensure_session(token)
    except DiscountRefused as refused:
        return _without_code(refused, row)
    except (StripeUnavailable, StripeRefused) as error:
        return show_trouble(error, row, token=token)
    return _lead_to_stripe(opened.url) if opened.url else show_form(opened, row)


def _lead_to_stripe(url: str) -> ResponseReturnValue:
    """Whoever pays there lands on the page that thanks them: no payment that failed before is told of above it."""
    forget_flashes()
    return redirect(url, 303)


def _get_row(token: str) -> Checkout:
    row = find_checkout(token, browser=browser_id())
    if row is None or not is_theirs(row.customer_id):
        if not request.cookies:
            raise NotFound(NO_COOKIES)
        raise NotFound(OTHER_BROWSER)
    return row


def _lead_on(row: Checkout, state: State) -> ResponseReturnValue:
    if state is State.PAID:
        return redirect(url_for("checkout.returned", session_id=row.checkout_session_id), 303)
    flash(joined(marked("That checkout has expired, and nothing was charged."), _next_step(row)), "good")
    return redirect(way_back(row.cart, is_from_cart=row.is_from_cart, is_gift=row.gift_id is not None), 303)


def _next_step(row: Checkout | StartedCheckout) -> str:
    if row.is_from_cart:
        return marked("Your cart is as it was: check out again when you are ready.")
    return marked("Start again when you're ready.")


@checkout.post("/checkout/<token>/accept")
@limiter.limit("30/minute")
def accept_words(token: str) -> ResponseReturnValue:
    """Note the tick in the box of our own form, whose script asks before it pays."""
    accept(_get_row(token))
    return "", 204


@checkout.post("/checkout/<token>/hosted")
@limiter.limit("10/minute;60/hour")
def hosted(token: str) -> ResponseReturnValue:
    row = _get_row(token)
    try:
        state = read_state(row)
        if state is not State.OPEN:
            return _lead_on(row, state)
        opened = start.switch_to_hosted(token)
    except DiscountRefused as refused:
        return _without_code(refused, row)
    except (StripeUnavailable, StripeRefused) as error:
        return show_trouble(error, row, token=token)
    if isinstance(opened, start.PaidMeanwhile):
        return redirect(url_for("checkout.returned", session_id=opened.session_id), 303)
    return redirect(opened.url or url_for("checkout.form", token=token), 303)


@checkout.get("/checkout/return")
def returned() -> ResponseReturnValue:
    session_id = _session_id(request.args.get("session_id", ""))
    try:
        landing = return_page.land(session_id, browser=browser_id())
    except (StripeUnavailable, StripeRefused) as error:
        return show_being_checked(error)
    if landing.outcome is Outcome.OPEN:
        return _not_completed(landing)
    _take_out_of_cart(landing)
    if wants_json():
        return jsonify(state=_state(landing.outcome))
    return _landed(landing, session_id)


def _not_completed(landing: Landing) -> ResponseReturnValue:
    """Lead to the form, which is open; of one that this browser did not begin nobody here knows where it is.

    Nor of a copy, which a reminder's link made: only where that which it copied began.
    """
    checkout, began = landing.checkout, landing.began
    if began is None:
        flash(joined(NOT_COMPLETED, marked("To try again, go back to where you began.")), "bad")
        return redirect(url_for("catalog.catalog"), 303)
    if checkout is None:
        flash(joined(NOT_COMPLETED, _next_step(began)), "bad")
        return redirect(landing.way_back or url_for("catalog.catalog"), 303)
    flash(joined(NOT_COMPLETED, _try_again(checkout)), "bad")
    return redirect(url_for("checkout.form", token=checkout.token), 303)


def _try_again(checkout: StartedCheckout) -> str:
    if checkout.is_from_cart:
        return marked("Your cart is as it was: try again, or choose another way to pay.")
    return marked("Try again, or choose another way to pay.")


def _session_id(raw: str) -> str:
    if not SESSION_ID.fullmatch(raw):
        raise NotFound(marked("This link isn't complete. The link in your email opens your order."))
    return raw


def _state(outcome: Outcome) -> str:
    return "fulfilled" if outcome is Outcome.ALREADY_FULFILLED else outcome.value


def _landed(landing: Landing, session_id: str) -> ResponseReturnValue:
    purchase = landing.purchase
    if landing.is_by_mail:
        return _by_mail(landing)
    if purchase and landing.outcome in HANDED_OUT and not purchase.access_allowed:
        return _closed(purchase, may_see=landing.shows_keys)
    # The way back to the cart holds the order's token: only for the browser that may see the order.
    again_url = purchase.again_url if purchase and landing.shows_keys else landing.way_back
    page = render_template(
        TEMPLATES[landing.outcome],
        purchase=purchase,
        covers=_covers(purchase) if landing.shows_keys else {},
        show_keys=landing.shows_keys,
        again_url=again_url,
        session_id=session_id,
    )
    return _not_indexed(page)


def _covers(purchase: Purchase | None) -> dict[int, Cover]:
    return find_covers(item.product_id for item in purchase.items) if purchase else {}


def _not_indexed(page: str) -> ResponseReturnValue:
    answer = make_response(page)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _closed(purchase: Purchase, *, may_see: bool) -> str:
    if not may_see:
        raise AccessDenied(purchase.access_reason)
    return render_template("buyers/library/order.html", purchase=purchase, covers=_covers(purchase))


def _by_mail(landing: Landing) -> ResponseReturnValue:
    """Whoever the address belongs to. Only the browser that typed it reads it again."""
    page = render_template(
        "payments/checkout/by_mail.html",
        purchase=landing.purchase,
        is_here=landing.checkout is not None,
        started=landing.checkout,
    )
    return _not_indexed(page)


def _take_out_of_cart(landing: Landing) -> None:
    """Once: only the bought lines leave the cart, what was added meanwhile stays. "Buy now" takes nothing out."""
    checkout = landing.checkout
    if checkout is None or landing.outcome not in BOUGHT:
        return
    if forget_begun(checkout.token, is_from_cart=checkout.is_from_cart) and checkout.is_from_cart:
        lines = load_cart(session)
        save_cart(session, subtract(lines, as_held(lines, checkout.cart)))


@checkout.post("/checkout/return/mail")
@limiter.limit("3/minute;10/hour")
def mail_link() -> ResponseReturnValue:
    session_id = _session_id(request.form.get("session_id", ""))
    if not mail_the_link(session_id):
        abort(404)
    flash(marked("We're emailing the link to the address from checkout."), "good")
    return redirect(url_for("checkout.returned", session_id=session_id), 303)
