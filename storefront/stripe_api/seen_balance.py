"""What a bank transfer brought too much: read from the transactions of a Customer's cash balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# From a refund to the balance until Stripe has sent it on: https://docs.stripe.com/api/cash_balance_transactions
_OF_REFUNDS = frozenset({"refunded_from_payment", "return_initiated", "return_canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """`is_of_this` tells whether the payment is the last that the balance paid: the excess is that one's alone."""

    amount_minor: int = 0
    is_of_this: bool = False


NO_EXCESS = Excess()


def _last_paid(transactions: Sequence[dict[str, Any]]) -> str | None:
    paid = (raw["applied_to_payment"] for raw in transactions if raw["type"] == "applied_to_payment")
    newest = next(paid, None)
    return newest["payment_intent"] if newest else None


def read_excess(transactions: Sequence[dict[str, Any]], *, currency: str, payment_id: str) -> Excess:
    """Return what lies in the balance and is no refund. `transactions` are Stripe's, newest first.

    A Customer has one balance, so of several payments only the last may say that it is theirs.
    """
    of_currency = [raw for raw in transactions if raw["currency"] == currency]
    if _last_paid(of_currency) != payment_id:
        return NO_EXCESS
    refunded = sum(int(raw["net_amount"]) for raw in of_currency if raw["type"] in _OF_REFUNDS)
    left = int(of_currency[0]["ending_balance"]) - max(0, refunded)
    return Excess(amount_minor=max(0, left), is_of_this=True)
