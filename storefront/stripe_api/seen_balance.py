"""What bank transfers brought too much: read from the transactions of a Customer's cash balance."""

from collections.abc import Sequence
from typing import Any

from storefront.stripe_api.raw import part
from storefront.stripe_api.seen import FAILED

# What each does to a refund that lies in the balance: https://docs.stripe.com/api/cash_balance_transactions
_REFUNDED, _SENT_BACK, _CAME_BACK = "refunded_from_payment", "return_initiated", "return_canceled"
_PAID = "applied_to_payment"


def may_have_excess(raw: dict[str, Any], charge: dict[str, Any]) -> bool:
    """Tell of a Session and its charge whether it was paid by bank transfer, or its payment came to nothing."""
    if part(charge, "payment_method_details").get("type") == "customer_balance":
        return True
    return raw["status"] == "complete" and part(raw, "payment_intent").get("status") in FAILED


def read_excess_minor(transactions: Sequence[dict[str, Any]], *, currency: str) -> int:
    """Return what lies in the balance and is no refund. `transactions` are Stripe's, newest first."""
    of_currency = [raw for raw in transactions if raw["currency"] == currency]
    if not of_currency:
        return 0
    return max(0, int(of_currency[0]["ending_balance"]) - _refunds_in(of_currency))


def _refunds_in(of_currency: Sequence[dict[str, Any]]) -> int:
    """Return how much of it are refunds that Stripe sends on by itself.

    What takes money out takes refunds first. Else one that paid for the next order would hide as much for ever.
    Only an order for which enough was sent beside them is paid by that.
    """
    refunds = on_their_way = sent = 0
    for raw in reversed(of_currency):
        kind, amount = raw["type"], int(raw["net_amount"])
        moved = 0 if _pays_with_what_was_sent(kind, amount, sent) else _moved(kind, amount, refunds, on_their_way)
        refunds += moved
        sent += amount - moved
        on_their_way -= moved * (kind in (_SENT_BACK, _CAME_BACK))
    return refunds


def _pays_with_what_was_sent(kind: str, amount: int, sent: int) -> bool:
    return kind == _PAID and -amount <= sent


def _moved(kind: str, amount: int, refunds: int, on_their_way: int) -> int:
    """Return what one transaction adds to the refunds that lie there, or takes from them."""
    if kind == _REFUNDED:
        return amount
    if kind == _CAME_BACK:
        return min(on_their_way, amount)
    return -min(refunds, max(0, -amount))
