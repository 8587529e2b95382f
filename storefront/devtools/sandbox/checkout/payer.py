"""Who pays: what the buyer typed, and the Customer it becomes."""

from dataclasses import asdict, dataclass, field

from storefront.devtools.sandbox.api.addresses import full_address
from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.api.members import filled, hash_of, inner
from storefront.devtools.sandbox.api.updates import change, save_change
from storefront.devtools.sandbox.resources.customers import add_customer
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """What the buyer typed; kept on the session while a challenge is open."""

    email: str
    name: str | None = None
    address: Json = field(default_factory=dict)
    tax_ids: tuple[Json, ...] = ()
    business_name: str | None = None

    @property
    def customer_name(self) -> str | None:
        """Return what a Customer is called: the business, where the buyer named one."""
        return self.business_name or self.name

    def to_json(self) -> Json:
        return asdict(self)


def payer_from(value: Json) -> Payer:
    return Payer(**{**value, "tax_ids": tuple(value["tax_ids"])})


def read_payer(work: UnitOfWork, session: Record, params: Json, billing: Json) -> Payer:
    """Take each value from the session, else from the page, else from the payment method's `billing`.

    Raises Stripe's 400 when no email address is known.
    """
    return Payer(
        email=_email(work, session, params, billing),
        name=params.get("name") or billing.get("name"),
        address=_address(session, params, billing),
        tax_ids=_tax_ids(session.private.get("tax_id")),
        business_name=inner(session.private, "collected", "business_name"),
    )


def _email(work: UnitOfWork, session: Record, params: Json, billing: Json) -> str:
    known = find_customer_email(work, session) or session.body["customer_email"]
    email = known or params.get("email") or billing.get("email")
    if not email:
        raise StripeApiError(
            400, "Please enter your email address.", param="email", code="parameter_missing", is_stored=False
        )
    return str(email)


def find_customer_email(work: UnitOfWork, session: Record) -> str | None:
    """Return the address of the session's Customer, if it has one."""
    customer = work.records.find("customer", session.body["customer"] or "")
    return None if customer is None else customer.body["email"]


def _address(session: Record, params: Json, billing: Json) -> Json:
    """Return the address that tax was computed for, if there was one; it holds what the page said last."""
    if session.body["automatic_tax"]["enabled"] and session.private.get("tax_address"):
        return dict(session.private["tax_address"])
    return {**hash_of(billing, "address"), **filled(params, ("country", "postal_code"))}


def _tax_ids(given: Json | None) -> tuple[Json, ...]:
    return ({"type": given["type"], "value": given["value"]},) if given else ()


def ensure_customer(work: UnitOfWork, session: Record, payer: Payer) -> str | None:
    """Return the Customer's id. Guests stay guests: one is only made where it is wanted."""
    if session.body["customer"] is not None:
        _update_customer(work, session, payer)
        return str(session.body["customer"])
    if not _wants_customer(session.body):
        return None
    if "customer" in session.private:
        _correct_customer(work, session.private["customer"], payer)
    else:
        _make_customer(work, session, payer)
    return str(session.private["customer"])


def _update_customer(work: UnitOfWork, session: Record, payer: Payer) -> None:
    """Save at the shop's own Customer what `customer_update` allows."""
    typed = {"address": full_address(payer.address), "name": payer.customer_name}
    names = tuple(
        name for name in filled(typed, typed) if inner(session.private, "customer_update", name) == "auto"
    )
    customer = work.records.find("customer", session.body["customer"])
    if customer is not None and names:
        save_change(work, customer, change(customer, typed, names))


def _wants_customer(body: Json) -> bool:
    """Tell whether one was asked for, or is needed for an invoice or for an order without cost."""
    is_asked_for = body["customer_creation"] == "always"
    return is_asked_for or body["invoice_creation"]["enabled"] or not body["amount_total"]


def _make_customer(work: UnitOfWork, session: Record, payer: Payer) -> None:
    customer = add_customer(work, {"email": payer.email, "name": payer.customer_name, "address": payer.address})
    session.private["customer"] = customer.id
    work.records.save(session)


def _correct_customer(work: UnitOfWork, customer_id: str, payer: Payer) -> None:
    """Take over another name or address, which a buyer may type after a declined card."""
    customer = work.records.get("customer", customer_id)
    typed = {"email": payer.email, "name": payer.customer_name, "address": full_address(payer.address)}
    save_change(work, customer, change(customer, typed, ("address", "email", "name")))
