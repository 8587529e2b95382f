"""What a giver does on the order's page: change the gift before its day, send it now, or send its email again."""

from collections.abc import Callable

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.gift_words import mask
from storefront.buyers.library.views import library, order_page
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.texts import marked
from storefront.delivery.gift_changes import change_gift, resend_gift, send_now
from storefront.orders.browsers import get_order_here
from storefront.orders.gifts import GiftRefused, read_wish
from storefront.web.flashes import flash
from storefront.web.limits import limiter


@library.post("/orders/<token>/gift")
@limiter.limit("10/minute;60/hour")
def change(token: str) -> ResponseReturnValue:
    try:
        return _do(token, _change)
    except GiftRefused as refused:
        flash(refused.message, "bad")
        return order_page(token, typed=request.form), refused.status


@library.get("/orders/<token>/gift")
def change_again(token: str) -> ResponseReturnValue:
    """Lead back from the address of words that were refused."""
    return redirect(url_for("library.order", token=token), 303)


@library.post("/orders/<token>/gift/send")
@limiter.limit("10/minute;60/hour")
def send(token: str) -> ResponseReturnValue:
    return _do(token, _send)


@library.post("/orders/<token>/gift/again")
@limiter.limit("5/minute;20/hour")
def send_again(token: str) -> ResponseReturnValue:
    """To the same address only: whoever found the link sends nobody else an email."""
    return _do(token, _send_again)


def _change(order_id: int) -> str:
    wish = read_wish(request.form)
    change_gift(order_id, wish)
    return marked("Saved. The gift goes to %(whom)s.", whom=mask(wish.email))


def _send(order_id: int) -> str:
    send_now(order_id)
    return marked("We're sending your gift.")


def _send_again(order_id: int) -> str:
    is_new = resend_gift(order_id)
    return marked("We're sending it again.") if is_new else marked("We already sent it within the last hour.")


def _do(token: str, act: Callable[[int], str]) -> ResponseReturnValue:
    """Do it to the order of who paid, and say on its page what happened, or why it was refused.

    Raises GiftRefused: something that was typed cannot be.
    """
    order = get_order_here(token)
    if not order.is_gift:
        raise NotFound(marked("This order is not a gift."))
    try:
        flash(act(order.id), "good")
    except GiftRefused:
        raise
    except StorefrontError as refused:
        flash(refused.message, "bad")
    return redirect(url_for("library.order", token=token), 303)
