"""What became of a Checkout Session: the answer of `fulfill_checkout`."""

from dataclasses import dataclass
from enum import StrEnum

from storefront.buyers.reminders.left import Left


class Outcome(StrEnum):
    FULFILLED = "fulfilled"
    ALREADY_FULFILLED = "already_fulfilled"
    AWAITING_PAYMENT = "awaiting_payment"
    NOT_PAID = "not_paid"  # the bank said no: final for this Session
    OPEN = "open"  # the form was not completed yet
    EXPIRED = "expired"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfillment:
    """`order_id` is None where the Session has led to no order of this shop.

    `left` is what its buyer left at Checkout, where they agreed to be reminded of it. `is_missing`: under this key
    Stripe does not know the Session; under that of another account it may be ours. `recovered_from` is the expired
    Session that an unfinished one is a copy of.
    """

    outcome: Outcome
    order_id: int | None = None
    left: Left | None = None
    is_missing: bool = False
    recovered_from: str | None = None
