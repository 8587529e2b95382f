"""What a discount is, and why a code does not work, in words."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from storefront.core.money import format_money
from storefront.shop.discounts.rules import Terms, Why

_WHY: Mapping[Why, str] = {
    Why.NOT_YET: "{code} isn't valid yet.",
    Why.ENDED: "{code} has expired.",
    Why.USED_UP: "{code} has been used up.",
    Why.CHOSEN_AMOUNT: "{code} can't be used where you choose what you pay.",
    Why.OTHER_PRODUCTS: "{code} is for other products.",
    Why.OTHER_CURRENCY: "{code} isn't valid in {currency}.",
    Why.TOO_LITTLE_LEFT: "{code} can't be used for an order this small.",
    Why.NOT_FIRST: "{code} is for a first purchase.",
    Why.REFUSED: "{code} can't be used for this order.",
}


def percent_words(percent_hundredths: int) -> str:
    """Write `20%` or `12.5%`."""
    return f"{Decimal(percent_hundredths) / 100:.2f}".rstrip("0").rstrip(".") + "%"


def off_words(terms: Terms) -> str:
    """Write `20% off` or `$5.00 off`, with every currency."""
    if terms.percent_hundredths is not None:
        return f"{percent_words(terms.percent_hundredths)} off"
    return f"{' or '.join(amounts_words(terms.amounts))} off"


def amounts_words(amounts: Mapping[str, Any]) -> Iterator[str]:
    return (format_money(minor, currency) for currency, minor in amounts.items())


def why_words(why: Why, code: str, *, terms: Terms | None = None, currency: str = "") -> str:
    """Say to a buyer why this code takes nothing off."""
    if why is Why.UNKNOWN or terms is None:
        return f"We don't know the code {code}." if code else "We don't know this code."
    if why is Why.BELOW_MINIMUM:
        return f"{code} is for orders of {format_money(terms.minimums[currency], currency)} or more."
    return _WHY[why].format(code=code, currency=currency.upper() or "this currency")
