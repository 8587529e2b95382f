"""`/offers/<token>`: somebody ends news and offers, or wants them back; and the box on an order's page."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.news import get_reader
from storefront.buyers.offers.agree import find_wish_of_order, offer_words, say_offers
from storefront.core.texts import marked
from storefront.customers.offers import ConsentPlace
from storefront.orders.browsers import get_order_here
from storefront.web.csrf import csrf
from storefront.web.flashes import flash
from storefront.web.limits import limiter, most_of_mailed_links

# Open: the token in the address is the permission.
offers = Blueprint("offers", __name__)

AGREED = marked("You get news and offers by email. You can stop them at any time.")
STOPPED = marked("No more news and offers. Receipts still come.")


@offers.app_context_processor
def ask_for_offers() -> dict[str, object]:
    """Let pages of orders ask, without each of them knowing how."""
    return {"find_wish_of_order": find_wish_of_order, "offer_words": offer_words}


@offers.get("/offers/<token>")
@limiter.limit("30/minute")
def choose(token: str) -> ResponseReturnValue:
    """Show a page with a button: what opens links before people do changes nothing."""
    wants = get_reader(token).wants_offers_since is not None
    answer = make_response(render_template("buyers/offers/choose.html", token=token, wants=wants))
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@offers.post("/offers/<token>")
@limiter.limit(most_of_mailed_links)
def change(token: str) -> ResponseReturnValue:
    """End them, or take them back with the box. What mail programs post has no box, so it can only end them."""
    reader, agrees = get_reader(token), "agrees" in request.form
    say_offers(reader.id, ConsentPlace.EMAIL_LINK, agrees=agrees)
    if "List-Unsubscribe" in request.form:
        return "", 200
    flash(AGREED if agrees else STOPPED, "good")
    return redirect(url_for("offers.choose", token=token), 303)


csrf.exempt(change)  # RFC 8058: mail programs post here, without a form of ours


@offers.post("/orders/<token>/offers")
@limiter.limit("10/minute")
def change_on_order(token: str) -> ResponseReturnValue:
    """Without a tick nothing is agreed to, and nothing ends either: there is a button for that."""
    order = get_order_here(token)
    stops = "stops" in request.form
    if (stops or "agrees" in request.form) and find_wish_of_order(order.number) is not None:
        say_offers(order.customer_id, ConsentPlace.ORDER_PAGE, agrees=not stops, about=order.number)
        flash(STOPPED if stops else AGREED, "good")
    else:
        flash(marked("Nothing was changed. Tick the box to get news and offers."), "bad")
    return redirect(url_for("library.order", token=token), 303)
