"""The page before paying that asks whom a gift is for, of a cart or of one thing bought at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.core import clock, tokens
from storefront.core.texts import marked
from storefront.orders.gift_models import Gift
from storefront.orders.gifts import (
    LONGEST_MESSAGE,
    LONGEST_NAME,
    GiftRefused,
    Wish,
    find_gift,
    find_kept,
    last_day,
    read_wish,
)
from storefront.orders.models import Order
from storefront.payments.checkout.buy_now import NotForSale, as_offered, get_offer, product_page
from storefront.payments.checkout.models import Checkout
from storefront.shop.cart.cart import load_cart, new_nonce, save_cart
from storefront.shop.cart.priced import as_lines, price_cart
from storefront.shop.catalog.offers import find_newer, find_offers
from storefront.shop.discounts.visit import Applied, apply_to, read_offered
from storefront.web.flashes import flash

FREE = marked("What costs nothing can't be sent as a gift. Tell your friend about it instead.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftLine:
    name: str
    edition: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftGoods:
    """What is bought, at its price with the code of the visit. `is_chosen`: the buyer says how much."""

    lines: tuple[GiftLine, ...]
    currency: str
    total_minor: int
    is_chosen: bool
    applied: Applied

    @property
    def is_free(self) -> bool:
        return self.total_minor == 0 and not self.is_chosen


def read_gift(*, costs: bool) -> Wish | None:
    """Return what the form asks for; None where it is no gift.

    Raises:
        GiftRefused: a field is wrong, or it `costs` nothing: strangers are written to by who pays alone.
    """
    if "is_gift" not in request.form:
        return None
    if not costs:
        raise GiftRefused(FREE)
    return read_wish(request.form)


def read_words_of(order: Order) -> dict[str, str]:
    """Return what an earlier gift says, as the form's fields: who tries to pay it again need not type it again."""
    gift = find_gift(order)
    return _as_fields(gift) if gift is not None else {}


def read_words_begun(checkout: Checkout | None) -> dict[str, str]:
    """Return what the gift of a checkout says that this browser began, as the form's fields."""
    kept = find_kept(checkout.gift_id) if checkout is not None else None
    return _as_fields(kept[1]) if kept is not None else {}


def _as_fields(said: Gift | Wish) -> dict[str, str]:
    is_past = said.send_on <= clock.now().date()
    return {
        "gift_email": said.email,
        "gift_from": said.from_name,
        "gift_message": said.message,
        "gift_on": "" if is_past else said.send_on.isoformat(),
    }


def show_gift_page(
    price_id: int | None, typed: Mapping[str, str], refused: GiftRefused | None = None
) -> ResponseReturnValue:
    """Ask for the gift's words, with what was `typed` before."""
    try:
        goods = _read_cart() if price_id is None else _read_offer(price_id)
    except NotForSale as gone:
        flash(gone.message, "bad")
        newer = {} if price_id is None else find_newer(find_offers([price_id]).values())
        return show_gift_page(newer[price_id].price_id, typed) if price_id in newer else redirect(gone.page, 303)
    if not goods.lines or goods.is_free:
        if goods.lines:
            flash(FREE, "bad")
        return redirect(url_for("cart.cart"), 303)
    return _gift_page(goods, price_id, typed, refused)


def lead_back(trouble: str, price_id: int | None, page: str) -> ResponseReturnValue:
    """Say why nothing began, on the page with the price of now. For a gift that is its own, with its words."""
    if "is_gift" in request.form:
        return show_gift_page(price_id, request.form, GiftRefused(trouble))
    flash(trouble, "bad")
    return redirect(page, 303)


def _gift_page(
    goods: GiftGoods, price_id: int | None, typed: Mapping[str, str], refused: GiftRefused | None
) -> Response:
    page = render_template(
        "payments/checkout/gift.html",
        goods=goods,
        price_id=price_id,
        back_url="" if price_id is None else product_page(price_id),
        nonce=new_nonce(session) if price_id is None else tokens.new_token(),
        typed=typed,
        error=refused.message if refused is not None else "",
        last_day=last_day(),
        longest_name=LONGEST_NAME,
        longest_message=LONGEST_MESSAGE,
    )
    return make_response(page, 400 if refused is not None else 200)


def _read_cart() -> GiftGoods:
    priced = price_cart(load_cart(session))
    if priced.notices:  # said and kept as the cart's page does
        save_cart(session, priced.cart_lines)
        for notice in priced.notices:
            flash(notice, "bad")
    applied = apply_to(read_offered(), as_lines(priced.lines), priced.currency)
    return GiftGoods(
        lines=tuple(
            GiftLine(
                name=line.product_name,
                edition=line.edition,
                quantity=line.quantity,
                amount_minor=line.amount_minor,
            )
            for line in priced.lines
        ),
        currency=priced.currency,
        total_minor=priced.total_minor - applied.off_minor,
        is_chosen=False,
        applied=applied,
    )


def _read_offer(price_id: int) -> GiftGoods:
    offer = get_offer(price_id)
    applied = apply_to(read_offered(), as_offered(offer), offer.currency)
    line = GiftLine(name=offer.product_name, edition=offer.edition, quantity=1, amount_minor=offer.amount_minor)
    return GiftGoods(
        lines=(line,),
        currency=offer.currency,
        total_minor=offer.amount_minor - applied.off_minor,
        is_chosen=offer.is_chosen,
        applied=applied,
    )
