"""`/checkout/upgrade…`: from an order's page to Stripe's form, and back."""

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.orders.browsers import get_goods_here
from storefront.payments.checkout.begun_here import forget_begun, read_begun
from storefront.payments.checkout.browser import browser_id
from storefront.payments.checkout.checkout_form import CheckoutForm
from storefront.payments.checkout.rows import find_checkouts, find_order
from storefront.payments.checkout.saver import find_saver
from storefront.payments.checkout.ui import choose_ui_mode
from storefront.payments.checkout.upgrade import NotUpgradable, prepare_upgrade
from storefront.payments.checkout.views import checkout, start_paying, starts
from storefront.shop.catalog.offers import find_offers

CAME_FROM = "upgrade_of"


@checkout.post("/checkout/upgrade/<token>/<row:grant_id>/<row:edition_id>")
@starts
def upgrade(token: str, grant_id: int, edition_id: int) -> ResponseReturnValue:
    """Sell an upgrade to who has the link of the order: it says whose license it is, and the form says no more."""
    order = get_goods_here(token)
    session[CAME_FROM] = token
    shown_minor = request.form.get("amount_minor", type=int)
    paid_before = _find_paid(grant_id)  # first: what is paid from here on is what this form would pay once more
    try:
        line = prepare_upgrade(order, grant_id=grant_id, edition_id=edition_id, shown_minor=shown_minor)
    except NotUpgradable as refused:
        flash(refused.message, "bad")
        return redirect(url_for("library.order", token=token), 303)
    for begun in paid_before:
        forget_begun(begun, is_from_cart=False)
    form = CheckoutForm(
        cart=(line,),
        ui_mode=choose_ui_mode(find_offers([line.price_id]).values()),
        nonce=f"upgrade:{grant_id}",  # one open checkout in this browser, whatever else it begins meanwhile
        is_from_cart=False,
        customer_id=find_saver(),
        upgrades_grant_id=grant_id,
    )
    return start_paying(form)


def _find_paid(grant_id: int) -> list[str]:
    """Return the tokens of upgrades that were paid, on a page that nobody saw: what is offered now is another."""
    begun = find_checkouts(read_begun(is_from_cart=False), browser=browser_id())
    of_license = [one for one in begun if one.upgrades_grant_id == grant_id]
    return [one.token for one in of_license if find_order(one) is not None]


@checkout.get("/checkout/upgrade")
def leave_upgrade() -> ResponseReturnValue:
    """Lead back to the order that this browser was about to upgrade. Stripe is not told the order's link."""
    token = session.get(CAME_FROM)
    return redirect(url_for("library.order", token=token) if token else "/library")
