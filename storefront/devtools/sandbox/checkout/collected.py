"""What the SDK has collected for a session before anybody pays: email, names, phone, addresses."""

from storefront.devtools.sandbox.api.addresses import full_address
from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.api.formats import is_email
from storefront.devtools.sandbox.api.members import filled, hash_of
from storefront.devtools.sandbox.checkout.payer import find_customer_email
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

TEXTS = ("business_name", "individual_name", "phone")
ADDRESSES = ("billing_address", "shipping_address")


def collected(session: Record) -> Json:
    """Return all that was collected; null where nothing was."""
    names = ("email", *TEXTS, *ADDRESSES)
    return {**dict.fromkeys(names), **hash_of(session.private, "collected")}


def names_of(session: Record) -> Json:
    """Return the names that a page of the SDK told, as a session and its `customer_details` show them."""
    return {name: collected(session)[name] for name in ("business_name", "individual_name")}


def keep(session: Record, values: Json) -> None:
    session.private["collected"] = {**collected(session), **values}


def fixed_email(work: UnitOfWork, session: Record) -> str | None:
    """Return the address that the shop gave, which no page may change."""
    return session.body["customer_email"] or find_customer_email(work, session)


def keep_email(work: UnitOfWork, session: Record, email: str) -> None:
    """Keep the buyer's address, or forget it where it is empty; a wrong one says what is wrong with it."""
    if fixed_email(work, session) is not None:
        raise invalid(
            "You cannot update the email of this Checkout Session: it was created with `customer_email` or with a"
            " customer that has an email.",
            param="email",
        )
    if email and not is_email(email):
        raise _wrong_email(email)
    keep(session, {"email": email or None})


def _wrong_email(email: str) -> StripeApiError:
    name, at, domain = email.partition("@")
    is_unfinished = not at or not name or "." not in domain.strip(".")
    if is_unfinished and " " not in email:
        return invalid("Your email is incomplete.", param="email", code="email_incomplete")
    return invalid("Your email is invalid.", param="email", code="email_invalid")


def contact(given: Json | str | None) -> Json | None:
    """Return a name with its address; an address without a country is no address."""
    if not given or isinstance(given, str):
        return None
    address = full_address(given.get("address"))
    if not address["country"]:
        raise invalid("An address needs its country.", param="billing_address[address][country]")
    return {"name": given.get("name") or None, "address": address}


def with_collected(session: Record, params: Json) -> Json:
    """Return what is paid with: what the confirming call says, else what was collected before."""
    known = collected(session)
    billing = known["billing_address"] or {"name": None, "address": {}}
    address = billing["address"]
    before = {
        "email": known["email"],
        "name": billing["name"] or known["individual_name"] or known["business_name"],
        "country": address.get("country"),
        "postal_code": address.get("postal_code"),
    }
    return {**filled(before, before), **params}
