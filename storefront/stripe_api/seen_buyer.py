"""Who paid and how, as a receipt names them: read from Stripe's JSON of a Session and of a charge."""

from dataclasses import dataclass
from typing import Any

from storefront.stripe_api.raw import part

ADDRESS_PARTS = ("line1", "line2", "postal_code", "city", "state", "country")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMethod:
    """`type` is Stripe's word, such as `card`; `brand` is a card's; `last4` of a card or a bank account."""

    type: str | None = None
    brand: str | None = None
    last4: str | None = None


NO_METHOD = SeenMethod()


def read_method(charge: dict[str, Any]) -> SeenMethod:
    details = part(charge, "payment_method_details")
    kind = details.get("type")
    of_kind = (details.get(kind) if kind else None) or {}
    return SeenMethod(type=kind, brand=of_kind.get("brand"), last4=of_kind.get("last4"))


def read_business_name(customer: dict[str, Any]) -> str | None:
    """Return the company that a Session's `customer_details` name."""
    return customer.get("business_name") or None


def read_address(customer: dict[str, Any]) -> dict[str, str] | None:
    """Return the billing address by Stripe's names of its parts; None where the form asked for no street."""
    given = part(customer, "address")
    parts = {name: given[name] for name in ADDRESS_PARTS if given.get(name)}
    return parts if "line1" in parts else None
