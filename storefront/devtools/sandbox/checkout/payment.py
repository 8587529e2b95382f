"""What the Pay button does: check, charge, complete. The same code serves page, command line and tests."""

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid, missing
from storefront.devtools.sandbox.checkout.completion import Payer, complete, ensure_customer, payer_from
from storefront.devtools.sandbox.payments import payment_intents
from storefront.devtools.sandbox.payments.payment_methods import find_method
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def confirm_session(work: UnitOfWork, session: Record, params: Json) -> Json | None:
    """Pay. The PaymentIntent as the page needs it, or None when nothing was due.

    Raises a decline as 402; the session then stays open and keeps its PaymentIntent.
    """
    require_open(session)
    body = session.body
    expected = params.get("expected_amount")
    if expected is not None and expected != body["amount_total"]:
        raise invalid(
            "The amount of this order has changed. Please check the new total and pay again.",
            param="expected_amount",
            code="checkout_amount_mismatch",
        )
    if body["amount_total"] == 0:
        payer = _payer(work, session, params, {})
        _drop_intent(work, session)
        complete(work, session, payer, "no_payment_required", None)
        return None
    if "payment_method" not in params:
        raise missing("payment_method")
    method = find_method(work, params["payment_method"])
    payer = _payer(work, session, params, method.body["billing_details"])
    _prepare_method(work, session, method, payer)
    intent = _intent(work, session, payer)
    session.private["payer"] = payer.to_json()
    work.records.save(session)
    charge = payment_intents.confirm(work, intent, method)
    return _finish(work, session, intent, charge)


def authenticate_session(work: UnitOfWork, session: Record, params: Json) -> Json:
    """The buyer's answer to the 3-D Secure challenge: `result` is complete or fail."""
    require_open(session)
    intent_id = session.private.get("intent")
    intent = work.records.find("payment_intent", intent_id) if intent_id else None
    if intent is None or intent.id != params["payment_intent"] or intent.body["status"] != "requires_action":
        raise invalid("This payment is not waiting for authentication.", param="payment_intent")
    if params["result"] not in {"complete", "fail"}:
        raise invalid("Invalid result: must be one of complete or fail", param="result")
    charge = payment_intents.authenticate(work, intent, passed=params["result"] == "complete")
    return _finish(work, session, intent, charge)


def require_open(session: Record) -> None:
    if session.body["status"] != "open":
        raise invalid(
            f"This Checkout Session is no longer open. Its status is `{session.body['status']}`.",
            code="checkout_not_active_session",
        )


def _finish(work: UnitOfWork, session: Record, intent: Record, charge: Record | None) -> Json:
    if charge is not None:
        is_paid = charge.body["status"] == "succeeded"
        complete(work, session, payer_from(session.private["payer"]), "paid" if is_paid else "unpaid", intent)
        payment_intents.book_charge(work, charge)
    names = ("id", "object", "status", "client_secret", "next_action")
    return {name: intent.body[name] for name in names}


def _intent(work: UnitOfWork, session: Record, payer: Payer) -> Record:
    """Made at the first try, used again after a decline; the total may have changed in between."""
    customer = ensure_customer(work, session, payer)
    intent_id = session.private.get("intent")
    if intent_id is not None:
        intent = work.records.get("payment_intent", intent_id)
        intent.body.update(amount=session.body["amount_total"], customer=customer)
        return intent
    intent = payment_intents.add_intent(
        work,
        {
            **session.private["payment_intent_data"],
            "amount": session.body["amount_total"],
            "currency": session.body["currency"],
            "customer": customer,
        },
        types=session.body["payment_method_types"],
        session_id=session.id,
    )
    session.private["intent"] = intent.id
    session.body["payment_intent"] = intent.id
    return intent


def _drop_intent(work: UnitOfWork, session: Record) -> None:
    """A declined try may have left one before a code made the order free."""
    intent_id = session.private.pop("intent", None)
    if intent_id is not None:
        payment_intents.cancel(work, work.records.get("payment_intent", intent_id), "automatic")


def _payer(work: UnitOfWork, session: Record, params: Json, billing: Json) -> Payer:
    """Given to the session, else typed on the page, else on the payment method."""
    body = session.body
    customer = work.records.find("customer", body["customer"] or "")
    known = (customer.body["email"] if customer else None) or body["customer_email"]
    email = known or params.get("email") or billing.get("email")
    if not email:
        raise StripeApiError(
            400, "Please enter your email address.", param="email", code="parameter_missing", is_stored=False
        )
    address = {**(billing.get("address") or {})}
    for name in ("country", "postal_code"):
        if params.get(name):
            address[name] = params[name]
    tax_id = params.get("tax_id")
    return Payer(
        email=email,
        name=params.get("name") or billing.get("name"),
        address=address,
        tax_ids=({"type": tax_id["type"], "value": tax_id["value"]},) if tax_id else (),
    )


def _prepare_method(work: UnitOfWork, session: Record, method: Record, payer: Payer) -> None:
    kind = method.body["type"]
    if kind not in session.body["payment_method_types"]:
        raise invalid(
            f"The payment method type {kind} is not accepted by this Checkout Session.", param="payment_method"
        )
    if kind != "card" and not payer.name:
        raise missing("billing_details[name]")
    billing = method.body["billing_details"]
    billing.update(email=billing["email"] or payer.email, name=billing["name"] or payer.name)
    for name, value in payer.address.items():
        billing["address"][name] = billing["address"][name] or value
    work.records.save(method)
