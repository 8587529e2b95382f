"""The currency that a visitor wants to see prices in: of a link that was followed, remembered in the session.

Who chose none sees the shop's main one, where a product is sold in it.
"""

import re
from collections.abc import Iterable

from flask import request, session

from storefront.shop.profile.read import read_profile

CURRENCY_KEY = "currency"
CODE = re.compile(r"[a-z]{3}")


def chosen_currency() -> str:
    """Return a code of three small letters, or nothing where nobody chose. Products know whether they have it."""
    asked = request.args.get("currency", "").lower()
    if CODE.fullmatch(asked):
        if session.get(CURRENCY_KEY) != asked:
            session[CURRENCY_KEY] = asked
            session.permanent = True
        return asked
    remembered = session.get(CURRENCY_KEY)
    return remembered if isinstance(remembered, str) else ""


def put_main_first(currencies: Iterable[str], main: str) -> tuple[str, ...]:
    """Return each currency once: the main one before all others, which stay in their order."""
    return tuple(sorted(dict.fromkeys(currencies), key=lambda currency: currency != main))


def main_currency() -> str:
    """Return what the owner chose; nothing where nobody did."""
    return read_profile().main_currency
