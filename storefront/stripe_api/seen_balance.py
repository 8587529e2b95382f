"""What bank transfers brought too much: read from the transactions of a Customer's cash balance."""

from collections.abc import Sequence
from typing import Any

# What each does to a refund that lies in the balance: https://docs.stripe.com/api/cash_balance_transactions
_REFUNDED, _SENT_BACK, _CAME_BACK = "refunded_from_payment", "return_initiated", "return_canceled"


def read_excess_minor(transactions: Sequence[dict[str, Any]], *, currency: str) -> int:
    """Return what lies in the balance and is no refund. `transactions` are Stripe's, newest first."""
    of_currency = [raw for raw in transactions if raw["currency"] == currency]
    if not of_currency:
        return 0
    return max(0, int(of_currency[0]["ending_balance"]) - _refunds_in(of_currency))


def _refunds_in(of_currency: Sequence[dict[str, Any]]) -> int:
    """Return how much of it are refunds that Stripe sends on by itself.

    What takes money out takes refunds first. Else one that paid for the next order would hide as much for ever.
    """
    refunds = on_their_way = 0
    for raw in reversed(of_currency):
        kind, amount = raw["type"], int(raw["net_amount"])
        if kind == _REFUNDED:
            refunds += amount
        elif kind == _CAME_BACK:
            returned = min(on_their_way, amount)
            refunds, on_their_way = refunds + returned, on_their_way - returned
        elif amount < 0:
            taken = min(refunds, -amount)
            refunds -= taken
            on_their_way += taken if kind == _SENT_BACK else 0
    return refunds
