"""What an expired Session says of its buyer's way back: the address of a copy, and whether they may be written to.

https://docs.stripe.com/payments/checkout/abandoned-carts
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.core import clock
from storefront.stripe_api.raw import part

AGREED = "opt_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRecovery:
    """`url` opens a copy of the Session on Stripe's page until `expires_at`, 30 days after it expired.

    `may_write`: the buyer ticked the box for news and offers in this very Session.
    """

    url: str
    expires_at: datetime
    may_write: bool


def read_recovery(raw: dict[str, Any]) -> SeenRecovery | None:
    """Return None for a Session that is not expired, or that was made without a way back."""
    recovery = part(part(raw, "after_expiration"), "recovery")
    if not recovery.get("url") or not recovery.get("expires_at"):
        return None
    return SeenRecovery(
        url=str(recovery["url"]),
        expires_at=clock.from_unix(recovery["expires_at"]),
        may_write=has_agreed(raw),
    )


def has_agreed(raw: dict[str, Any]) -> bool:
    """Tell whether the buyer of a Session ticked the box for news and offers. Stripe shows it where it may be."""
    return part(raw, "consent").get("promotions") == AGREED
