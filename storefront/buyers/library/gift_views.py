"""What a giver does on the order's page: change the gift before its day, send it now, or send its email again."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.gift_words import mask
from storefront.buyers.library.views import library
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.texts import marked
from storefront.orders.browsers import get_order_here
from storefront.orders.gift_changes import change_gift, resend_gift, send_now
from storefront.orders.gifts import read_wish
from storefront.orders.models import Order
from storefront.web.flashes import flash
from storefront.web.limits import limiter


@library.post("/orders/<token>/gift")
@limiter.limit("10/minute;60/hour")
def change(token: str) -> ResponseReturnValue:
    order_id = _get_given(token).id
    try:
        wish = read_wish(request.form)
        change_gift(order_id, wish)
        flash(marked("Saved. The gift goes to %(whom)s.", whom=mask(wish.email)), "good")
    except StorefrontError as refused:
        flash(refused.message, "bad")
    return _back(token)


@library.post("/orders/<token>/gift/send")
@limiter.limit("10/minute;60/hour")
def send(token: str) -> ResponseReturnValue:
    order_id = _get_given(token).id
    try:
        send_now(order_id)
        flash(marked("We're sending your gift."), "good")
    except StorefrontError as refused:
        flash(refused.message, "bad")
    return _back(token)


@library.post("/orders/<token>/gift/again")
@limiter.limit("5/minute;20/hour")
def send_again(token: str) -> ResponseReturnValue:
    """To the same address only: whoever found the link sends nobody else an email."""
    order_id = _get_given(token).id
    try:
        is_new = resend_gift(order_id)
        sending, sent = marked("We're sending it again."), marked("We already sent it within the last hour.")
        flash(sending if is_new else sent, "good")
    except StorefrontError as refused:
        flash(refused.message, "bad")
    return _back(token)


def _get_given(token: str) -> Order:
    order = get_order_here(token)
    if not order.is_gift:
        raise NotFound(marked("This order is not a gift."))
    return order


def _back(token: str) -> ResponseReturnValue:
    return redirect(url_for("library.order", token=token), 303)
