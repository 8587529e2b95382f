"""What tax falls on the lines of a session. Discounts come first, then tax.

Each line is rounded by itself, half up to what can be charged in the currency; the total is the sum of the lines.
Exclusive tax is added to the price; inclusive tax is the part of it that is tax (gross * p / (100 + p)).
"""

from dataclasses import dataclass
from decimal import Decimal

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import hash_of
from storefront.devtools.sandbox.money import rounded
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.places import BOOKS, EU, NONTAXABLE, Place, is_complete, place_of
from storefront.devtools.sandbox.tax.rate_objects import rate_object
from storefront.devtools.sandbox.tax.tax_ids import is_of_other_eu_country

_NOTHING = Decimal(0)
_EXCLUSIVE_CURRENCIES = frozenset({"usd", "cad"})
_BEHAVIORS = ("inclusive", "exclusive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Where the buyer is, and why a business may owe the tax itself. `exempt` is none, exempt or reverse."""

    address: Json
    tax_id: Json | None
    exempt: str


def has_automatic_tax(session: Record) -> bool:
    return bool(session.body["automatic_tax"]["enabled"])


def require_tax_settings(work: UnitOfWork, lines: list[Json]) -> None:
    """Refuse automatic tax without an origin, or for a price that does not say whether tax is in it."""
    if work.settings.tax_origin is None:
        raise invalid(
            "You must have a valid head office address to enable automatic tax calculation in test mode."
        )
    for line in lines:
        price = work.records.get("price", line["price"]).body
        if behavior_of(work, price) not in _BEHAVIORS:
            raise invalid(
                f"The price `{price['id']}` does not have a `tax_behavior` set which is required for automatic tax"
                " computation. Please visit https://stripe.com/docs/tax/products-prices-tax-categories-tax-behavior"
                "#tax-behavior for more information."
            )


def behavior_of(work: UnitOfWork, price: Json) -> str | None:
    """Return inclusive or exclusive: the price's own, or else what the account presets."""
    if price["tax_behavior"] in _BEHAVIORS:
        return str(price["tax_behavior"])
    preset = work.settings.tax_behavior
    if preset == "inferred_by_currency":
        return "exclusive" if price["currency"] in _EXCLUSIVE_CURRENCIES else "inclusive"
    return preset


def add_taxes(work: UnitOfWork, session: Record) -> None:
    """Write the taxes of every line anew, and how far the computation has come."""
    for line in session.private["lines"]:
        line.update(taxes=[], tax=0, tax_on_top=0)
    if not has_automatic_tax(session):
        return
    address = hash_of(session.private, "tax_address")
    session.body["automatic_tax"]["status"] = _status(work, address)
    if session.body["automatic_tax"]["status"] != "complete":
        return
    exempt = _exemption(work, session.body["customer"])
    buyer = Buyer(address=address, tax_id=session.private.get("tax_id"), exempt=exempt)
    for line in session.private["lines"]:
        _tax_line(work, session.body["currency"], line, buyer)


def _status(work: UnitOfWork, address: Json) -> str:
    if work.settings.tax_fails:
        return "failed"
    return "complete" if is_complete(address) else "requires_location_inputs"


def _tax_line(work: UnitOfWork, currency: str, line: Json, buyer: Buyer) -> None:
    price = work.records.get("price", line["price"]).body
    product = work.records.get("product", price["product"]).body
    is_inclusive = behavior_of(work, price) == "inclusive"
    place = place_of(buyer.address)
    percentage, reason = _rate(work, place, product["tax_code"] or work.settings.tax_code, buyer)
    base = line["subtotal"] - line["discount"]
    amount = _share(base, percentage, currency, is_inclusive=is_inclusive)
    line["taxes"] = [
        {
            "amount": amount,
            "rate": rate_object(buyer.address["country"], place, percentage, is_inclusive=is_inclusive),
            "taxability_reason": reason,
            "taxable_amount": (base - amount if is_inclusive else base) if percentage else 0,
        }
    ]
    line["tax"] = amount
    line["tax_on_top"] = 0 if is_inclusive else amount


def _share(base: int, percentage: Decimal, currency: str, *, is_inclusive: bool) -> int:
    whole = 100 + percentage if is_inclusive else Decimal(100)
    return rounded(Decimal(base) * percentage / whole, currency)


def _exemption(work: UnitOfWork, customer_id: str | None) -> str:
    customer = work.records.find("customer", customer_id or "")
    return str(customer.body["tax_exempt"]) if customer else "none"


def _rate(work: UnitOfWork, place: Place | None, tax_code: str, buyer: Buyer) -> tuple[Decimal, str]:
    """Return the percentage and Stripe's `taxability_reason`, the first that applies."""
    if place is None or place.code not in work.settings.tax_registrations:
        return _NOTHING, "not_collecting"
    if buyer.exempt == "exempt":
        return _NOTHING, "customer_exempt"
    if buyer.exempt == "reverse" or _buys_as_business(work, place, buyer):
        return _NOTHING, "reverse_charge"
    return _rate_of_product(place, tax_code)


def _rate_of_product(place: Place, tax_code: str) -> tuple[Decimal, str]:
    percentage = place.books if tax_code == BOOKS else place.standard
    if tax_code == NONTAXABLE or percentage is None:
        return _NOTHING, "product_exempt"
    if not percentage:
        return _NOTHING, "zero_rated"
    return percentage, "standard_rated" if percentage == place.standard else "reduced_rated"


def _buys_as_business(work: UnitOfWork, place: Place, buyer: Buyer) -> bool:
    origin = work.settings.tax_origin or ""
    is_abroad = place.country in EU and place.country != origin
    return is_abroad and is_of_other_eu_country(buyer.tax_id, origin)


def sum_taxes(session: Record) -> list[Json]:
    """Return the session's taxes: those of the lines added up by rate and reason."""
    sums: dict[tuple[str, str], Json] = {}
    for line in session.private["lines"]:
        for tax in line.get("taxes", []):
            key = (tax["rate"]["id"], tax["taxability_reason"])
            if key not in sums:
                sums[key] = {**tax, "amount": 0, "taxable_amount": 0}
            sums[key]["amount"] += tax["amount"]
            sums[key]["taxable_amount"] += tax["taxable_amount"]
    return list(sums.values())
