"""Adaptive pricing: what a buyer abroad pays in their own currency, while every amount stays in the shop's.

Stripe goes by the buyer's IP address; both here and there a test email address says where they are:
`ada+location_FR@example.com`. The rates are fixed, so that a test can know them, and hold a conversion fee of 3 %.
"""

import re
from decimal import Decimal

from storefront.devtools.sandbox.money import exponent, rounded
from storefront.devtools.sandbox.storage.records import Json

_LOCATION = re.compile(r"\+location_([A-Za-z]{2})@")
_CURRENCIES = dict.fromkeys(("AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "NL", "PT"), "eur") | {
    "BR": "brl",
    "CA": "cad",
    "CH": "chf",
    "GB": "gbp",
    "ID": "idr",
    "JP": "jpy",
    "KW": "kwd",
    "PL": "pln",
    "SE": "sek",
    "US": "usd",
}
# What one US dollar costs.
_PER_DOLLAR = {
    "brl": Decimal("5.40"),
    "cad": Decimal("1.40"),
    "chf": Decimal("0.80"),
    "eur": Decimal("0.90"),
    "gbp": Decimal("0.75"),
    "idr": Decimal(16_500),
    "jpy": Decimal(150),
    "kwd": Decimal("0.30"),
    "pln": Decimal("3.60"),
    "sek": Decimal("9.50"),
    "usd": Decimal(1),
}
_WITH_FEE = Decimal("1.03")


def _local_currency(email: str) -> str | None:
    location = _LOCATION.search(email)
    return _CURRENCIES.get(location[1].upper()) if location else None


def presentment_of(session_body: Json, email: str, *, is_custom: bool) -> Json | None:
    """Return Stripe's `presentment_details` of a payment; None where the buyer pays in the shop's currency."""
    own = str(session_body["currency"])
    local = _local_currency(email) or own
    if is_custom or not session_body["adaptive_pricing"]["enabled"] or local == own or own not in _PER_DOLLAR:
        return None
    return {
        "presentment_amount": _converted(session_body["amount_total"], own, local),
        "presentment_currency": local,
    }


def _converted(amount: int, own: str, local: str) -> int:
    whole = Decimal(amount).scaleb(-exponent(own)) / _PER_DOLLAR[own] * _PER_DOLLAR[local] * _WITH_FEE
    return rounded(whole.scaleb(exponent(local)), local)


def presentment_of_refund(charge_body: Json, amount: int) -> Json | None:
    """Return the refund's exact share of what the buyer paid: the shares of all refunds add up to it."""
    whole = charge_body.get("presentment_details")
    if whole is None:
        return None
    before, total = charge_body["amount_refunded"], charge_body["amount"]
    currency = whole["presentment_currency"]

    def share(of_amount: int) -> int:
        return rounded(Decimal(whole["presentment_amount"]) * of_amount / total, currency)

    return {"presentment_amount": share(before + amount) - share(before), "presentment_currency": currency}
