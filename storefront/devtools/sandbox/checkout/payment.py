"""What the Pay button does: check, charge, complete. The same code serves page, command line and tests."""

from storefront.devtools.sandbox.api.errors import invalid, missing
from storefront.devtools.sandbox.api.members import copied
from storefront.devtools.sandbox.checkout.completion import complete
from storefront.devtools.sandbox.checkout.consent import require_acceptance
from storefront.devtools.sandbox.checkout.currency_choice import presented
from storefront.devtools.sandbox.checkout.custom_amounts import require_choice
from storefront.devtools.sandbox.checkout.intents import drop_intent, ensure_intent, find_intent
from storefront.devtools.sandbox.checkout.offered import offered_types
from storefront.devtools.sandbox.checkout.payer import Payer, payer_from, read_payer
from storefront.devtools.sandbox.checkout.redirect import way_back
from storefront.devtools.sandbox.checkout.saved_methods import check_own, note_wish
from storefront.devtools.sandbox.checkout.totals import compute
from storefront.devtools.sandbox.checkout.typed_fields import take_typed
from storefront.devtools.sandbox.payments import payment_intents
from storefront.devtools.sandbox.payments.kinds import KINDS
from storefront.devtools.sandbox.payments.payment_methods import find_method
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.buyer_details import require_location, take_from_confirm


def confirm_session(work: UnitOfWork, session: Record, params: Json) -> Json | None:
    """Pay. Return the PaymentIntent as the page needs it, or None when nothing was due.

    Raises a decline as 402; the session then stays open and keeps its PaymentIntent.
    """
    require_open(session)
    require_acceptance(session.body, params)
    require_choice(work, session)
    take_typed(session, params)
    method = find_method(work, params["payment_method"]) if params.get("payment_method") else None
    take_from_confirm(session, params, {} if method is None else method.body["billing_details"])
    compute(work, session)
    total: int = session.body["amount_total"]
    _check_expected_amount(params.get("expected_amount", total), total)
    if total == 0:
        _complete_free_order(work, session, params)
        return None
    if method is None:
        raise missing("payment_method")
    require_location(session)
    payer = read_payer(work, session, params, method.body["billing_details"])
    check_own(session, method)
    note_wish(session, params)
    _prepare_method(work, session, method, payer)
    intent = ensure_intent(work, session, payer)
    _present(work, session, intent, payer)
    session.private["payer"] = payer.to_json()
    work.records.save(session)
    back = params.get("return_url") or way_back(session.body)
    charge = payment_intents.confirm(work, intent, method, back)
    return finish(work, session, intent, charge)


def authenticate_session(work: UnitOfWork, session: Record, params: Json) -> Json:
    """Take the buyer's answer to the 3-D Secure challenge: `result` is complete or fail."""
    require_open(session)
    intent = find_intent(work, session)
    if intent is None or not _waits_for_authentication(intent, params["payment_intent"]):
        raise invalid("This payment is not waiting for authentication.", param="payment_intent")
    if params["result"] not in {"complete", "fail"}:
        raise invalid("Invalid result: must be one of complete or fail", param="result")
    charge = payment_intents.authenticate(work, intent, passed=params["result"] == "complete")
    return finish(work, session, intent, charge)


def _present(work: UnitOfWork, session: Record, intent: Record, payer: Payer) -> None:
    """Say on payment and session what the buyer pays in a currency of their own, where they do."""
    details = presented(work, session, payer.email)
    for body in (intent.body, session.body):
        body.pop("presentment_details", None)
        if details is not None:
            body["presentment_details"] = details


def _check_expected_amount(expected: int, total: int) -> None:
    if expected != total:
        raise invalid(
            "The amount of this order has changed. Please check the new total and pay again.",
            param="expected_amount",
            code="checkout_amount_mismatch",
        )


def _complete_free_order(work: UnitOfWork, session: Record, params: Json) -> None:
    payer = read_payer(work, session, params, {})
    drop_intent(work, session)
    complete(work, session, payer, "no_payment_required", None)


def _waits_for_authentication(intent: Record, intent_id: str) -> bool:
    is_waiting = intent.body["status"] == "requires_action" and not shows_details(intent)
    return intent.id == intent_id and is_waiting


def require_open(session: Record) -> None:
    if session.body["status"] != "open":
        raise invalid(
            f"This Checkout Session is no longer open. Its status is `{session.body['status']}`.",
            code="checkout_not_active_session",
        )


def _payment_status(charge: Record | None) -> str:
    is_paid = charge is not None and charge.body["status"] == "succeeded"
    return "paid" if is_paid else "unpaid"


def finish(work: UnitOfWork, session: Record, intent: Record, charge: Record | None) -> Json:
    """Complete the session where the buyer is done; return the payment as the page needs it."""
    if charge is not None or shows_details(intent):
        complete(work, session, payer_from(session.private["payer"]), _payment_status(charge), intent)
    if charge is not None:
        payment_intents.book_charge(work, charge)
    return copied(intent.body, ("id", "object", "status", "client_secret", "next_action"))


def _prepare_method(work: UnitOfWork, session: Record, method: Record, payer: Payer) -> None:
    _check_method(session, method.body["type"], payer)
    billing = method.body["billing_details"]
    billing.update(email=billing["email"] or payer.email, name=billing["name"] or payer.name)
    for name, value in payer.address.items():
        billing["address"][name] = billing["address"][name] or value
    work.records.save(method)


def shows_details(intent: Record) -> bool:
    """Tell whether the buyer has a voucher or bank details now, and so is done here."""
    action = intent.body["next_action"] or {"type": ""}
    return str(action["type"]).endswith(("_display_details", "_transfer_instructions"))


def _check_method(session: Record, kind: str, payer: Payer) -> None:
    if kind not in offered_types(session):
        raise invalid(
            f"The payment method type {kind} is not accepted by this Checkout Session.", param="payment_method"
        )
    if kind != "card" and "billingName" in KINDS[kind].fields and not payer.name:
        raise missing("billing_details[name]")
