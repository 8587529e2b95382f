"""The cart's rules on plain values. It holds price ids and quantities, never amounts: those are looked up."""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from storefront.core import tokens
from storefront.core.errors import StorefrontError
from storefront.core.texts import marked

MAX_QUANTITY = 99
MAX_LINES = 20  # a session cookie holds 4 KB
CART_KEY = "cart"
NONCE_KEY = "checkout_nonce"
REFERRER_KEY = "referrer"  # where who filled the cart came from, see `referrer.py`


class CartRefused(StorefrontError):
    """A change the cart does not take; the message is what the buyer reads on the cart page."""

    code = "cart_refused"
    title = marked("The cart cannot take this")


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    price_id: int
    quantity: int


def load_cart(session: MutableMapping[str, Any]) -> tuple[CartLine, ...]:
    """Return the lines of the cookie, without what does not look like one: older versions wrote some."""
    raw = session.get(CART_KEY)
    lines: dict[int, CartLine] = {}
    for entry in raw if isinstance(raw, list) else []:
        match entry:
            case [int(price_id), int(quantity)] if 1 <= quantity <= MAX_QUANTITY:
                lines[price_id] = CartLine(price_id=price_id, quantity=quantity)
    return tuple(lines.values())[:MAX_LINES]


def save_cart(session: MutableMapping[str, Any], lines: Iterable[CartLine]) -> None:
    entries = [[line.price_id, line.quantity] for line in lines]
    if entries:
        session[CART_KEY] = entries
    else:
        session.pop(CART_KEY, None)
        session.pop(REFERRER_KEY, None)


def count(lines: Iterable[CartLine]) -> int:
    return sum(line.quantity for line in lines)


def add(lines: tuple[CartLine, ...], new: CartLine, *, is_free: bool) -> tuple[CartLine, ...]:
    """Raises CartRefused: more than the most of one thing, or too many different things."""
    check_quantity(new.quantity, is_free=is_free)
    held = next((line.quantity for line in lines if line.price_id == new.price_id), 0)
    if held:
        quantity = 1 if is_free else held + new.quantity
        return set_quantity(lines, CartLine(price_id=new.price_id, quantity=quantity), is_free=is_free)
    if len(lines) >= MAX_LINES:
        raise CartRefused(
            marked(
                "A cart holds %(most)s different things. Pay for these first, then come back.",
                most=MAX_LINES,
            )
        )
    return (*lines, new)


def set_quantity(lines: tuple[CartLine, ...], wanted: CartLine, *, is_free: bool) -> tuple[CartLine, ...]:
    """Zero removes the line. A price that is not in the cart changes nothing."""
    if wanted.quantity == 0:
        return remove(lines, wanted.price_id)
    check_quantity(wanted.quantity, is_free=is_free)
    return tuple(wanted if line.price_id == wanted.price_id else line for line in lines)


def remove(lines: tuple[CartLine, ...], price_id: int) -> tuple[CartLine, ...]:
    return tuple(line for line in lines if line.price_id != price_id)


def subtract(lines: Iterable[CartLine], bought: Iterable[CartLine]) -> tuple[CartLine, ...]:
    """Return what is left after a purchase: things put into the cart meanwhile stay."""
    paid: dict[int, int] = {}
    for line in bought:
        paid[line.price_id] = paid.get(line.price_id, 0) + line.quantity
    remaining = (replace(line, quantity=line.quantity - paid.get(line.price_id, 0)) for line in lines)
    return tuple(line for line in remaining if line.quantity > 0)


def put_back(lines: Iterable[CartLine], bought: Iterable[CartLine]) -> tuple[CartLine, ...]:
    """Return the bought lines and what the cart holds besides: a link that was only prefetched empties no cart.

    Inside Checkout more of one thing may have been taken than a cart holds.
    """
    bought = tuple(replace(line, quantity=min(line.quantity, MAX_QUANTITY)) for line in bought)
    bought_ids = {line.price_id for line in bought}
    return (*bought, *(line for line in lines if line.price_id not in bought_ids))


def new_nonce(session: MutableMapping[str, Any]) -> str:
    """Return the form's one-time value: the same until a checkout consumes it, so a double click is one."""
    nonce = session.get(NONCE_KEY)
    if isinstance(nonce, str) and nonce:
        return nonce
    session[NONCE_KEY] = fresh = tokens.new_token()
    return fresh


def check_quantity(quantity: int, *, is_free: bool) -> None:
    """Raises CartRefused: nobody buys so many of one thing at a time."""
    if quantity < 1:
        raise CartRefused(marked("The quantity must be a whole number from 1 up."))
    if is_free and quantity > 1:
        raise CartRefused(marked("It is free, so one is all you need."))
    if quantity > MAX_QUANTITY:
        raise CartRefused(marked("You can buy at most %(most)s of one thing at a time.", most=MAX_QUANTITY))
