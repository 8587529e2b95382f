"""The question before the same is bought a second time, and the way to what is paid already."""

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.purchase import Purchase
from storefront.core import tokens
from storefront.core.texts import marked
from storefront.payments.checkout.again import find_pending_purchase
from storefront.payments.checkout.browser import browser_id
from storefront.payments.checkout.checkout_form import CheckoutForm, price_id_of
from storefront.payments.checkout.start import PaidMeanwhile
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.shop.cart.cart import new_nonce
from storefront.web.flashes import flash

NOT_SAVED = marked(
    "You already ordered this gift, so what you just changed wasn't saved. Until it's sent, you can change it on "
    "its order page."
)


def is_again() -> bool:
    """Tell whether this form was sent by who was asked before."""
    return "again" in request.form


def find_pending(form: CheckoutForm) -> Purchase | None:
    """Return what to ask about. An upgrade asks by itself whether one is pending."""
    if is_again() or form.upgrades_grant_id is not None:
        return None
    return find_pending_purchase(form.cart, browser=browser_id(), is_gift=form.gift is not None)


def ask_again(form: CheckoutForm, pending: Purchase) -> str:
    nonce = new_nonce(session) if form.is_from_cart else tokens.new_token()  # the form's may be the pending one's
    return render_template(
        "payments/checkout/ask_again.html", purchase=pending, nonce=nonce, price_id=price_id_of(form)
    )


def show_paid(paid: PaidMeanwhile, form: CheckoutForm) -> ResponseReturnValue:
    """Lead to the page of what is paid. Of what is pending ask, as if its event were here already.

    Raises StripeUnavailable: nothing is known of the latter, and nothing was changed.
    """
    if paid.is_pending:
        fulfill_checkout(paid.session_id, Look.SPARINGLY)
        pending = find_pending(form)
        if pending:
            return ask_again(form, pending)
    if paid.has_other_gift:
        flash(NOT_SAVED, "bad")
    return redirect(url_for("checkout.returned", session_id=paid.session_id), 303)
