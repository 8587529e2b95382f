"""Paying with a card: what happens to session, intent and charge, and which events say so, in which order."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls

CARD = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
BOOKED = ["charge.updated"]


def test_pays_with_a_card(sandbox: Calls) -> None:
    session = sandbox.make_session(metadata={"order": "7"}, payment_intent_data={"metadata": {"order": "8"}})
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    paid = sandbox.pay(session.id, email="ada@example.com", name="Ada", country="DE", postal_code="10115")
    assert (paid.status, paid.json["status"], paid.json["line_item_group"]["due"]) == (200, "complete", 0)
    seen: Any = sandbox.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "payment_intent.payment_method"]}
    )
    assert (seen.status, seen.payment_status, seen.customer) == ("complete", "paid", None)
    assert seen.customer_details.email == "ada@example.com"
    assert (seen.customer_details.address.country, seen.customer_details.address.postal_code) == ("DE", "10115")
    intent = seen.payment_intent
    assert (intent.status, intent.amount_received) == ("succeeded", 1900)
    assert intent.metadata.to_dict() == {"order": "8"}
    assert intent.latest_charge.paid
    assert intent.latest_charge.balance_transaction.startswith("txn_3")
    assert intent.payment_method.card.last4 == "4242"
    assert sandbox.event_types() == CARD + BOOKED


def test_shows_the_charge_unbooked_first(sandbox: Calls) -> None:
    sandbox.pay(sandbox.make_session().id)
    events = {event["type"]: event["data"] for event in sandbox.look("events")["data"]}
    assert events["charge.succeeded"]["object"]["balance_transaction"] is None
    assert events["charge.updated"]["object"]["balance_transaction"].startswith("txn_")
    assert events["charge.updated"]["previous_attributes"] == {"balance_transaction": None}
    assert "line_items" not in events["checkout.session.completed"]["object"]


def test_keeps_session_and_intent_after_a_decline(sandbox: Calls) -> None:
    session = sandbox.make_session()
    declined = sandbox.pay(session.id, payment_method="pm_card_visa_chargeDeclinedInsufficientFunds")
    error = declined.json["error"]
    assert (declined.status, error["type"], error["code"]) == (402, "card_error", "card_declined")
    assert error["decline_code"] == "insufficient_funds"
    assert error["message"] == "Your card has insufficient funds."
    intent_id = error["payment_intent"]["id"]
    assert sandbox.session(session.id)["status"] == "open"
    assert sandbox.pay(session.id).json["payment_intent"]["id"] == intent_id
    assert sandbox.event_types() == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        *CARD[1:],
        *BOOKED,
    ]
    charges = sandbox.get("/v1/charges", f"payment_intent={intent_id}")["data"]
    assert [entry["status"] for entry in charges] == ["succeeded", "failed"]


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
        ("pm_card_threeDSecureRequiredProcessingError", "processing_error", None),
        ("pm_card_threeDSecureRequiredChargeDeclined", "card_declined", "generic_decline"),
    ],
)
def test_declines_with_the_reason_of_the_card(
    sandbox: Calls, method: str, code: str, decline_code: str | None
) -> None:
    error = sandbox.pay(sandbox.make_session().id, payment_method=method).json["error"]
    assert (error["code"], error.get("decline_code")) == (code, decline_code)


def test_declines_a_number_that_is_no_test_card(sandbox: Calls) -> None:
    method = sandbox.call("POST", "/v1/payment_methods", "type=card&card[number]=4111111111111111").json
    declined = sandbox.pay(sandbox.make_session().id, payment_method=method["id"])
    assert declined.json["error"]["decline_code"] == "test_mode_live_card"


def test_passes_a_challenge(sandbox: Calls) -> None:
    session = sandbox.make_session()
    waiting = sandbox.pay(session.id, payment_method="pm_card_threeDSecure2Required", authenticate=None).json
    intent = waiting["payment_intent"]
    assert (waiting["status"], intent["status"]) == ("open", "requires_action")
    assert intent["next_action"]["type"] == "use_stripe_sdk"
    done = sandbox.page(session.id, "/authenticate", payment_intent=intent["id"], result="complete")
    assert (done.status, done.json["status"], done.json["payment_status"]) == (200, "complete", "paid")
    assert sandbox.event_types() == [CARD[0], "payment_intent.requires_action", *CARD[1:], *BOOKED]
    charge = sandbox.get("/v1/charges")["data"][0]
    assert charge["payment_method_details"]["card"]["three_d_secure"]["result"] == "authenticated"


def test_fails_a_challenge_and_can_try_again(sandbox: Calls) -> None:
    session = sandbox.make_session()
    failed = sandbox.pay(session.id, payment_method="pm_card_authenticationRequired", authenticate="fail")
    assert (failed.status, failed.json["error"]["code"]) == (402, "payment_intent_authentication_failure")
    assert sandbox.event_types() == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.payment_failed",
    ]
    assert sandbox.get("/v1/charges")["data"] == []
    again = sandbox.page(
        session.id, "/authenticate", payment_intent=failed.json["error"]["payment_intent"]["id"], result="complete"
    )
    assert again.status == 400
    assert sandbox.pay(session.id).json["payment_status"] == "paid"


def test_sells_for_nothing(sandbox: Calls) -> None:
    session = sandbox.make_session(sandbox.make_price(0))
    paid = sandbox.pay(session.id)
    assert paid.json["payment_intent"] is None
    seen = sandbox.session(session.id)
    assert (seen["status"], seen["payment_status"], seen["amount_total"]) == ("complete", "no_payment_required", 0)
    assert seen["payment_intent"] is None
    assert seen["customer"].startswith("cus_")
    assert sandbox.event_types() == ["customer.created", "checkout.session.completed"]


@pytest.mark.parametrize("more", [{"customer_creation": "always"}, {"invoice_creation": {"enabled": True}}])
def test_makes_a_customer_when_asked(sandbox: Calls, more: dict[str, Any]) -> None:
    session = sandbox.make_session(**more)
    sandbox.pay(session.id, payment_method="pm_card_visa_chargeDeclined")
    sandbox.pay(session.id, email="ada@example.com")
    seen = sandbox.session(session.id)
    assert sandbox.get(f"/v1/customers/{seen['customer']}")["email"] == "ada@example.com"
    assert sandbox.event_types().count("customer.created") == sandbox.event_types().count("customer.updated") == 1
    assert sandbox.get(f"/v1/payment_intents/{seen['payment_intent']}")["customer"] == seen["customer"]


def test_uses_the_customer_given(sandbox: Calls) -> None:
    customer = sandbox.v1.customers.create({"email": "known@example.com"})
    session = sandbox.make_session(customer=customer.id)
    sandbox.pay(session.id, email="other@example.com")
    seen = sandbox.session(session.id)
    assert (seen["customer"], seen["customer_details"]["email"]) == (customer.id, "known@example.com")


def test_expires_on_request(sandbox: Calls) -> None:
    session = sandbox.make_hosted_session()
    sandbox.pay(session.id, payment_method="pm_card_visa_chargeDeclined")
    expired = sandbox.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert sandbox.event_types()[-2:] == ["checkout.session.expired", "payment_intent.canceled"]
    with pytest.raises(stripe.InvalidRequestError, match="has a status of `expired`"):
        sandbox.v1.checkout.sessions.expire(session.id)
    assert sandbox.pay(session.id).status == 400
    assert sandbox.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_refuses_to_expire_what_was_paid(sandbox: Calls) -> None:
    session = sandbox.make_session()
    sandbox.pay(session.id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.v1.checkout.sessions.expire(session.id)
    assert caught.value.user_message == (
        'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
        " `complete`."
    )
    assert sandbox.pay(session.id).status == 400
    assert sandbox.event_types().count("checkout.session.completed") == 1


def test_keeps_a_sessions_intent_from_the_merchant(sandbox: Calls) -> None:
    session = sandbox.make_session()
    failed = sandbox.pay(session.id, payment_method="pm_card_visa_chargeDeclined")
    intent_id = failed.json["error"]["payment_intent"]["id"]
    for action in ("confirm", "cancel"):
        answer = sandbox.call("POST", f"/v1/payment_intents/{intent_id}/{action}")
        assert answer.status == 400
        assert (
            "You can't confirm or cancel the PaymentIntent for a Checkout Session"
            in answer.json["error"]["message"]
        )
