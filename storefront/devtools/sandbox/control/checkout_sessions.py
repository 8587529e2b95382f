"""`/_sandbox/…`: Checkout Sessions paid or expired by one call, and bank debits settled."""

from flask import Blueprint, Response, jsonify, request

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.checkout.completion import expire, settle_payment
from storefront.devtools.sandbox.control.request_data import find_or_refuse, json_body, oldest_first
from storefront.devtools.sandbox.resources.payment_pages import pay_as_the_page_would
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
        return jsonify(data=[record.body for record in oldest_first(work, "checkout.session")])


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
    "quantities": {"li_…": 3}, "custom_unit_amount": 700, "promotion_code": "CODE", "tax_id": {"type", "value"},
    "authenticate": "complete" | "fail" | null}`
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
    """`{"result": "succeeded" | "failed"}`; without a result the test account decides."""
    result = json_body().get("result")
    if result not in _RESULTS:
        raise ValueError("result must be succeeded or failed")
    with current_store().work() as work:
        intent = find_or_refuse(work, "payment_intent", intent_id)
        if intent.body["status"] != "processing":
            raise invalid(f"This PaymentIntent is {intent.body['status']}, not processing.")
        settle_payment(work, intent, succeeds=_RESULTS[result])
        return jsonify(intent.body)
