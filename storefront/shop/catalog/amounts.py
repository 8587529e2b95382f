"""What a price asks for: an amount, or limits within which the buyer chooses one at Checkout."""

import re
from typing import NamedTuple, TypeAlias

from storefront.core.languages import show_money
from storefront.core.money import write_money
from storefront.core.texts import marked
from storefront.shop.catalog.models import Price

# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in minor units.
LEAST_MINOR = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200,
    "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip


class ChosenAmount(NamedTuple):
    """Limits in minor units. `least_minor` of 0: nothing may be paid. `suggested_minor` is what the form shows."""

    suggested_minor: int
    least_minor: int
    most_minor: int | None


Amount: TypeAlias = int | ChosenAmount
# As owners type it, everywhere: "from 5.00, suggested 10.00, up to 50.00".
TYPED = re.compile(r"from\s+(\S+?),?(?:\s+suggested\s+(\S+?),?)?(?:\s+up\s+to\s+(\S+))?", re.IGNORECASE)


def amount_of(suggested_minor: int, least_minor: int | None, most_minor: int | None) -> Amount:
    """Return the amount of a row: without a least one it is fixed."""
    if least_minor is None:
        return suggested_minor
    return ChosenAmount(suggested_minor=suggested_minor, least_minor=least_minor, most_minor=most_minor)


def amount_of_price(price: Price) -> Amount:
    return amount_of(price.amount_minor, price.least_minor, price.most_minor)


def suggested_of(amount: Amount) -> int:
    """Return the amount, or the one that is suggested."""
    return amount.suggested_minor if isinstance(amount, ChosenAmount) else amount


def least_of(amount: Amount) -> int:
    """Return the least that is paid."""
    return amount.least_minor if isinstance(amount, ChosenAmount) else amount


def columns_of(amount: Amount) -> dict[str, int | None]:
    if isinstance(amount, ChosenAmount):
        return {
            "amount_minor": amount.suggested_minor,
            "least_minor": amount.least_minor,
            "most_minor": amount.most_minor,
        }
    return {"amount_minor": amount, "least_minor": None, "most_minor": None}


def write_amount(amount: Amount, currency: str) -> str:
    """Return an amount as an owner types it, without the currency."""
    if not isinstance(amount, ChosenAmount):
        return write_money(amount, currency)
    least, suggested = write_money(amount.least_minor, currency), write_money(amount.suggested_minor, currency)
    most = "" if amount.most_minor is None else f", up to {write_money(amount.most_minor, currency)}"
    return f"from {least}, suggested {suggested}{most}"


def amount_words(amount: Amount, currency: str) -> str:
    """Return an amount for people: `$19.00`, or `from $5.00, suggested $10.00`."""
    if not isinstance(amount, ChosenAmount):
        return show_money(amount, currency)
    least, most = show_money(amount.least_minor, currency), show_money(amount.most_minor or 0, currency)
    suggested = show_money(amount.suggested_minor, currency)
    if amount.most_minor is None and not amount.least_minor:
        return marked("any amount, suggested %(suggested)s", suggested=suggested)
    if amount.most_minor is None:
        return marked("from %(least)s, suggested %(suggested)s", least=least, suggested=suggested)
    if not amount.least_minor:
        return marked("any amount, suggested %(suggested)s, up to %(most)s", suggested=suggested, most=most)
    return marked(
        "from %(least)s, suggested %(suggested)s, up to %(most)s", least=least, suggested=suggested, most=most
    )
