"""Sessions and payments of other programs on the account, which passes of this process need not ask for again.

A complete Session is what it is. What is ours all the same, because a price became ours later, is found hours
later, or at once by `storefront reconcile`, whose process remembers nothing.
"""

from datetime import datetime, timedelta

from storefront.core import clock
from storefront.core.runtime import Part

KEPT = timedelta(hours=6)
MOST = 20_000

STRANGERS: Part[dict[str, datetime]] = Part("strangers", dict)  # Stripe's id -> when it was looked at


def note_stranger(stripe_id: str) -> None:
    """Remember it for `KEPT`; of more than `MOST` the oldest are forgotten."""
    strangers = STRANGERS.get()
    strangers.pop(stripe_id, None)
    while len(strangers) >= MOST:
        del strangers[next(iter(strangers))]
    strangers[stripe_id] = clock.now()


def is_stranger(stripe_id: str) -> bool:
    seen_at = STRANGERS.get().get(stripe_id)
    return seen_at is not None and seen_at <= clock.now() < seen_at + KEPT


def forget_strangers() -> None:
    STRANGERS.get().clear()
