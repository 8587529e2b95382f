"""Which checkouts this browser has open, in its cookie: the cart's, and some of things bought at once."""

from flask import session

CART_CHECKOUT = "checkout"
NOW_CHECKOUT = "checkout_now"
MOST_NOW = 5  # each in a tab of its own; a cookie has room for few, and an older tab goes on all the same


def read_begun(*, is_from_cart: bool) -> list[str]:
    """Return the tokens, the newest first; of the cart one at most."""
    return str(session.get(_key(is_from_cart=is_from_cart)) or "").split()


def keep_begun(token: str, *, is_from_cart: bool) -> None:
    others = [] if is_from_cart else _others(token, is_from_cart=False)
    session[_key(is_from_cart=is_from_cart)] = " ".join([token, *others][:MOST_NOW])


def forget_begun(token: str, *, is_from_cart: bool) -> bool:
    """Return whether it was open here until now."""
    if token not in read_begun(is_from_cart=is_from_cart):
        return False
    session[_key(is_from_cart=is_from_cart)] = " ".join(_others(token, is_from_cart=is_from_cart))
    return True


def _others(token: str, *, is_from_cart: bool) -> list[str]:
    return [other for other in read_begun(is_from_cart=is_from_cart) if other != token]


def _key(*, is_from_cart: bool) -> str:
    return CART_CHECKOUT if is_from_cart else NOW_CHECKOUT
