"""What a discount is, and why a code does not work, in words."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from storefront.core.languages import show_money
from storefront.core.texts import Marked, marked
from storefront.shop.discounts.rules import Terms, Why

_WHY: Mapping[Why, Marked] = {
    Why.NOT_YET: marked("%(code)s isn't valid yet."),
    Why.ENDED: marked("%(code)s has expired."),
    Why.USED_UP: marked("%(code)s has been used up."),
    Why.CHOSEN_AMOUNT: marked("%(code)s can't be used where you choose what you pay."),
    Why.OTHER_PRODUCTS: marked("%(code)s is for other products."),
    Why.OTHER_CURRENCY: marked("%(code)s isn't valid in %(currency)s."),
    Why.TOO_LITTLE_LEFT: marked("%(code)s can't be used for an order this small."),
    Why.NOT_FIRST: marked("%(code)s is for a first purchase."),
    Why.REFUSED: marked("%(code)s can't be used for this order."),
}


def percent_words(percent_hundredths: int) -> str:
    """Write `20%` or `12.5%`."""
    return f"{Decimal(percent_hundredths) / 100:.2f}".rstrip("0").rstrip(".") + "%"


def off_words(terms: Terms) -> str:
    """Write `20% off` or `$5.00 off`, with every currency."""
    if terms.percent_hundredths is not None:
        return marked("%(off)s off", off=percent_words(terms.percent_hundredths))
    first, *others = amounts_words(terms.amounts)
    listed: str = first
    for other in others:
        listed = marked("%(first)s or %(second)s", first=listed, second=other)
    return marked("%(off)s off", off=listed)


def amounts_words(amounts: Mapping[str, Any]) -> Iterator[str]:
    return (show_money(minor, currency) for currency, minor in amounts.items())


def why_words(why: Why, code: str, *, terms: Terms | None = None, currency: str = "") -> str:
    """Say to a buyer why this code takes nothing off."""
    if why is Why.UNKNOWN or terms is None:
        return (
            marked("We don't know the code %(code)s.", code=code) if code else marked("We don't know this code.")
        )
    if why is Why.BELOW_MINIMUM:
        least = show_money(terms.minimums[currency], currency)
        return marked("%(code)s is for orders of %(least)s or more.", code=code, least=least)
    return _WHY[why].with_values(code=code, currency=currency.upper() or marked("this currency"))
