"""What a price at Stripe asks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.core import clock
from storefront.stripe_api.raw import part


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPrice:
    """What a price at Stripe asks for, and always will; its preset where the buyer chooses."""

    currency: str
    amount_minor: int | None
    created_at: datetime


def read_price(raw: dict[str, Any]) -> SeenPrice:
    fixed = raw.get("unit_amount")
    return SeenPrice(
        currency=raw["currency"],
        amount_minor=part(raw, "custom_unit_amount").get("preset") if fixed is None else fixed,
        created_at=clock.from_unix(raw["created"]),
    )
