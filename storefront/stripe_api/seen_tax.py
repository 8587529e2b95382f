"""What Stripe says of tax and invoice of a Checkout Session, as plain values that an order keeps."""

from dataclasses import dataclass
from typing import Any

from storefront.stripe_api.raw import part, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenInvoice:
    """`url` is Stripe's page for the buyer."""

    number: str
    url: str | None


def read_taxes(totals: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the taxes of an expanded breakdown, each with its name, rate, country and Stripe's reason."""
    taxes = rows(part(totals, "breakdown"), "taxes")
    return [_tax(tax) for tax in taxes]


def _tax(tax: dict[str, Any]) -> dict[str, Any]:
    rate = tax["rate"]
    return {
        "amount_minor": tax["amount"],
        "country": rate.get("country"),
        "inclusive": bool(rate.get("inclusive")),
        "name": rate.get("display_name") or "Tax",
        "percentage": rate.get("effective_percentage") or rate.get("percentage"),
        "reason": tax.get("taxability_reason"),
        "state": rate.get("state"),
        "taxable_minor": tax.get("taxable_amount"),
    }


def read_tax_ids(customer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tax ids that a buyer typed, from a Session's `customer_details`."""
    return [{"type": tax["type"], "value": tax["value"]} for tax in rows(customer, "tax_ids")]


def with_verification(tax_ids: list[dict[str, Any]], kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add what a register said of each, as Stripe keeps it at the Customer."""
    said = {(row["type"], row["value"]): part(row, "verification").get("status") for row in kept}
    verified = []
    for tax_id in tax_ids:
        status = said.get((tax_id["type"], tax_id["value"]))
        verified.append({**tax_id, "verification": status} if status else tax_id)
    return verified


def read_invoice(raw: dict[str, Any]) -> SeenInvoice | None:
    """Return a finished invoice; a draft has no number yet."""
    if not raw.get("number"):
        return None
    return SeenInvoice(number=str(raw["number"]), url=raw.get("hosted_invoice_url"))
