"""What the buyer says on the page that tax depends on: where they are, and a tax id."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import copied_or_null, filled, hash_of, inner
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.calculation import has_automatic_tax
from storefront.devtools.sandbox.tax.tax_ids import checked

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_NO_ADDRESS = (
    "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the"
    " Customer or set `customer_update[address]` to 'auto' to save the billing address entered in Checkout to the"
    " Customer."
)
_NO_NAME = (
    "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an"
    " existing customer, please set `customer_update[name]` to `auto`."
)


def check_customer_for_tax(work: UnitOfWork, params: Json) -> None:
    """Refuse a customer whose address nobody knows and nobody may learn, in Stripe's words."""
    customer = work.records.find("customer", params.get("customer") or "")
    if customer is None:
        return
    is_taxed = inner(params, "automatic_tax", "enabled")
    if is_taxed and not inner(customer.body, "address", "country") and not _may_learn(params, "address"):
        raise invalid(_NO_ADDRESS, code="customer_tax_location_invalid")
    if inner(params, "tax_id_collection", "enabled") and not _may_learn(params, "name"):
        raise invalid(_NO_NAME)


def _may_learn(params: Json, name: str) -> bool:
    return bool(inner(params, "customer_update", name) == "auto")


def known_address(work: UnitOfWork, params: Json) -> Json | None:
    """Return where a customer of before is; the page may say otherwise."""
    customer = work.records.find("customer", params.get("customer") or "")
    return None if customer is None else customer.body["address"]


def take_region(session: Record, region: Json) -> None:
    """Keep where the buyer is, whole: a field that is left out is empty."""
    session.private["tax_address"] = copied_or_null(region, _ADDRESS)


def take_tax_id(session: Record, given: Json | None, name: str) -> None:
    """Keep a tax id, or none; a wrong one raises Stripe's 400 for the field it was typed in."""
    has_value = given and given.get("value")
    session.private["tax_id"] = checked(given["type"], given["value"], name) if given and has_value else None


def take_from_confirm(session: Record, params: Json, billing: Json) -> None:
    """Take what a page says when it pays, which may be the first that is heard of an address."""
    if "tax_id" in params:
        take_tax_id(session, params["tax_id"], "tax_id")
    known = hash_of(billing, "address")
    address = {**filled(known, known), **filled(params, ("country", "postal_code"))}
    if has_automatic_tax(session) and address.get("country"):
        take_region(session, {**_kept_details(session, address), **address})


def _kept_details(session: Record, address: Json) -> Json:
    """Return what the page said before of the same country."""
    kept = hash_of(session.private, "tax_address")
    return kept if kept.get("country") == address["country"] else {}


def require_location(session: Record) -> None:
    """Refuse to pay before it is known where the buyer is."""
    if session.body["automatic_tax"]["status"] == "requires_location_inputs":
        raise invalid("Please enter your billing address.", param="country", code="parameter_missing")
