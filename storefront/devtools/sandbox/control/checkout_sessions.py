"""`/_sandbox/…`: Checkout Sessions paid or expired by one call, and bank debits settled."""

from flask import Blueprint, Response, jsonify, request

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.checkout.completion import (
    expire,
    receive_transfer,
    settle_after_failure,
    settle_payment,
)
from storefront.devtools.sandbox.control.request_data import (
    choice,
    find_or_refuse,
    json_body,
    oldest_first,
    positive_number,
)
from storefront.devtools.sandbox.payments.bank_transfers import remaining
from storefront.devtools.sandbox.payments.declines import BANK_FAILURES
from storefront.devtools.sandbox.payments.delayed import can_settle, failed_method
from storefront.devtools.sandbox.payments.mandates import NETWORK_STATUSES, STATUSES, update_mandate
from storefront.devtools.sandbox.resources.payment_pages import pay_as_the_page_would
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.store import current_store

checkout_sessions = Blueprint("checkout_sessions", __name__)

_TEST_BUYER = {
    "email": "buyer@example.com",
    "name": "Test Buyer",
    "country": "US",
    "payment_method": "pm_card_visa",
    "authenticate": "complete",
}
_TEST_POSTAL_CODE = {"postal_code": "94107"}  # of that country: taxes ask for it
_RESULTS = {None: None, "succeeded": True, "failed": False}


@checkout_sessions.get("/sessions")
def sessions() -> Response:
    """Oldest first."""
    with current_store().work() as work:
        intents = {record.id: record for record in oldest_first(work, "payment_intent")}
        rows = oldest_first(work, "checkout.session")
    waiting = [_waits_for(intents.get(row.body["payment_intent"])) for row in rows]
    return jsonify(data=[{**row.body, "waits_for": what} for row, what in zip(rows, waiting, strict=True)])


def _waits_for(intent: Record | None) -> Json | None:
    """Return what an unpaid session waits for: a bank, a voucher's buyer, or so much by transfer."""
    if intent is None:
        return None
    missing = remaining(intent)
    if missing is not None:
        return {"kind": "transfer", "amount_remaining": missing}
    if can_settle(intent):
        return {"kind": "debit" if intent.body["status"] == "processing" else "voucher"}
    return None


@checkout_sessions.post("/sessions/<session_id>/expire")
def expire_session(session_id: str) -> Response:
    with current_store().work() as work:
        session = find_or_refuse(work, "checkout.session", session_id)
        if session.body["status"] != "open":
            raise invalid(f"This Checkout Session is {session.body['status']}, not open.")
        expire(work, session)
        return jsonify(session.body)


@checkout_sessions.post("/sessions/<session_id>/pay")
def pay(session_id: str) -> tuple[Response, int]:
    """Do in one call what the buyer would do on the page; a decline answers 402 and stays on record.

    `{"email", "name", "country", "postal_code", "payment_method": "pm_card_visa" | "sepa_success" | …,
    "quantities": {"li_…": 3}, "custom_unit_amount": 700, "promotion_code": "CODE",
    "optional_items": {"price_…": 1}, "phone_number": "+1…", "custom_fields": {"key": "value"},
    "save_payment_method": true, "tax_id": {"type", "value"}, "authenticate": "complete" | "fail" | null}`
    """
    given = json_body()
    params = {**_TEST_BUYER, **({} if "country" in given else _TEST_POSTAL_CODE), **given}
    with current_store().work(base_url=request.host_url.rstrip("/")) as work:
        session = find_or_refuse(work, "checkout.session", session_id)
        try:
            return jsonify(pay_as_the_page_would(work, session, params)), 200
        except StripeApiError as error:
            if not error.keeps_work:
                raise
            return jsonify(error.body("req_sandbox")), error.status


@checkout_sessions.post("/payment_intents/<intent_id>/settle")
def settle(intent_id: str) -> Response:
    """`{"result": "succeeded" | "failed", "failure_code": …}`; without a result the test account decides.

    For a debit the bank's answer, for a voucher that it is paid or ends unpaid.
    """
    given = json_body()
    result = given.get("result")
    if result not in _RESULTS:
        raise ValueError("result must be succeeded or failed")
    failure = choice(given, "failure_code", tuple(BANK_FAILURES))
    with current_store().work() as work:
        intent = find_or_refuse(work, "payment_intent", intent_id)
        if not can_settle(intent):
            raise invalid(f"This PaymentIntent is {intent.body['status']}, not processing.")
        settle_payment(work, intent, succeeds=_RESULTS[result], failure=failure)
        return jsonify(intent.body)


@checkout_sessions.post("/payment_intents/<intent_id>/settle_after_failure")
def pay_after_all(intent_id: str) -> Response:
    """Let the money of a failed debit or voucher come after all, which Stripe's documents rule out."""
    with current_store().work() as work:
        intent = find_or_refuse(work, "payment_intent", intent_id)
        method = failed_method(work, intent)
        if method is None or method.body["type"] == "card":
            raise invalid(f"This PaymentIntent is {intent.body['status']} and no failed debit or voucher.")
        settle_after_failure(work, intent, method)
        return jsonify(intent.body)


@checkout_sessions.post("/payment_intents/<intent_id>/fund")
def send_money(intent_id: str) -> Response:
    """`{"amount": 500}`: a bank transfer of so much arrives; without an amount what is missing."""
    amount = positive_number(json_body(), "amount")
    with current_store().work() as work:
        intent = find_or_refuse(work, "payment_intent", intent_id)
        missing = remaining(intent)
        if missing is None:
            raise invalid(f"This PaymentIntent is {intent.body['status']} and waits for no bank transfer.")
        customer = work.records.get("customer", intent.body["customer"])
        receive_transfer(work, customer, amount or missing, intent.body["currency"], None)
        return jsonify(work.records.get("payment_intent", intent_id).body)


@checkout_sessions.post("/mandates/<mandate_id>/move")
def move_mandate(mandate_id: str) -> Response:
    """`{"status": "inactive"}`, or for Bacs what its network says: accepted, pending, refused, revoked."""
    status = choice(json_body(), "status", (*STATUSES, *NETWORK_STATUSES))
    if status is None:
        raise ValueError("status is missing")
    with current_store().work() as work:
        mandate = find_or_refuse(work, "mandate", mandate_id)
        update_mandate(work, mandate, status)
        return jsonify(mandate.body)
