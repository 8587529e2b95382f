"""How a Checkout Session ends: paid, waiting for the bank, free, or expired."""

from dataclasses import asdict, dataclass, field

from storefront.devtools.sandbox.api.addresses import full_address
from storefront.devtools.sandbox.api.updates import change
from storefront.devtools.sandbox.checkout.payment_links import count_completion
from storefront.devtools.sandbox.payments import payment_intents
from storefront.devtools.sandbox.resources.coupons import count_redemption
from storefront.devtools.sandbox.resources.customers import add_customer
from storefront.devtools.sandbox.resources.promotion_codes import count_code_redemption
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """What the buyer typed; kept on the session while a challenge is open."""

    email: str
    name: str | None = None
    address: Json = field(default_factory=dict)
    tax_ids: tuple[Json, ...] = ()

    def to_json(self) -> Json:
        return asdict(self)


def payer_from(value: Json) -> Payer:
    return Payer(**{**value, "tax_ids": tuple(value["tax_ids"])})


def ensure_customer(work: UnitOfWork, session: Record, payer: Payer) -> str | None:
    """Guests stay guests; a Customer is made when asked for, for invoices, and for orders without cost."""
    body = session.body
    if body["customer"] is not None:
        return str(body["customer"])
    is_wanted = (
        body["customer_creation"] == "always" or body["invoice_creation"]["enabled"] or not body["amount_total"]
    )
    if not is_wanted:
        return None
    known = session.private.get("customer")
    if known is None:
        made = add_customer(work, {"email": payer.email, "name": payer.name, "address": payer.address})
        session.private["customer"] = known = made.id
        work.records.save(session)
    else:
        _correct_customer(work, known, payer)
    return str(known)


def _correct_customer(work: UnitOfWork, customer_id: str, payer: Payer) -> None:
    """A buyer whose card was declined may have typed another name or address the second time."""
    customer = work.records.get("customer", customer_id)
    typed = {"email": payer.email, "name": payer.name, "address": full_address(payer.address)}
    previous = change(customer, typed, ("address", "email", "name"))
    if previous:
        work.records.save(customer)
        work.emit("customer.updated", customer.body, previous)


def complete(work: UnitOfWork, session: Record, payer: Payer, payment_status: str, intent: Record | None) -> None:
    """The buyer is done; whether the money is there is another matter."""
    body = session.body
    body.update(
        status="complete",
        payment_status=payment_status,
        url=None,
        payment_intent=None if intent is None else intent.id,
        customer=ensure_customer(work, session, payer),
        customer_details={
            "address": full_address(payer.address),
            "business_name": None,
            "email": payer.email,
            "individual_name": None,
            "name": payer.name,
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": list(payer.tax_ids),
        },
        collected_information={"business_name": None, "individual_name": None, "shipping_details": None},
    )
    terms = (body["consent_collection"] or {}).get("terms_of_service") == "required"
    if body["consent_collection"] is not None:
        body["consent"] = {"promotions": None, "terms_of_service": "accepted" if terms else None}
    session.private["completed_at"] = work.now
    work.drop_timer("expire", session.id)
    work.records.save(session)
    if session.private["promotion_code"] is not None:
        count_code_redemption(work, session.private["promotion_code"])
    if session.private["coupon"] is not None:
        count_redemption(work, session.private["coupon"])
    work.emit("checkout.session.completed", body)
    if body["payment_link"] is not None:
        count_completion(work, body["payment_link"])


def settle_payment(work: UnitOfWork, intent: Record, *, succeeds: bool | None = None) -> None:
    """A bank debit ends, and the session it paid for learns of it."""
    charge = payment_intents.settle(work, intent, succeeds=succeeds)
    session_id = intent.private.get("session")
    if session_id is not None:
        session = work.records.get("checkout.session", session_id)
        is_paid = charge.body["status"] == "succeeded"
        if is_paid:
            session.body["payment_status"] = "paid"
            work.records.save(session)
        work.emit(f"checkout.session.async_payment_{'succeeded' if is_paid else 'failed'}", session.body)
    payment_intents.book_charge(work, charge)


def expire(work: UnitOfWork, session: Record) -> None:
    session.body.update(status="expired", url=None)
    work.drop_timer("expire", session.id)
    work.records.save(session)
    work.emit("checkout.session.expired", session.body)
    intent_id = session.private.get("intent")
    if intent_id is not None:
        payment_intents.cancel(work, work.records.get("payment_intent", intent_id), "automatic")
