"""Refunds of card payments."""

import pytest
import stripe

from tests.sandbox.calls import Calls


@pytest.fixture
def intent_id(sandbox: Calls) -> str:
    return str(sandbox.pay(sandbox.make_session().id).json["payment_intent"]["id"])


def test_refunds_everything(sandbox: Calls, intent_id: str) -> None:
    refund = sandbox.v1.refunds.create({"payment_intent": intent_id, "reason": "requested_by_customer"})
    assert (refund.status, refund.amount) == ("succeeded", 1900)
    charge = sandbox.get(f"/v1/charges/{refund.charge}", "expand[]=refunds")
    assert (charge["refunded"], charge["amount_refunded"], charge["status"]) == (True, 1900, "succeeded")
    assert [each["id"] for each in charge["refunds"]["data"]] == [refund.id]
    assert sandbox.event_types()[5:] == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
    ]
    assert (
        sandbox.get(f"/v1/refunds/{refund.id}")["destination_details"]["card"]["reference_status"] == "available"
    )
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.v1.refunds.create({"payment_intent": intent_id})
    assert caught.value.code == "charge_already_refunded"


def test_refunds_in_parts(sandbox: Calls, intent_id: str) -> None:
    sandbox.v1.refunds.create({"payment_intent": intent_id, "amount": 500})
    charge = sandbox.get("/v1/charges")["data"][0]
    assert (charge["refunded"], charge["amount_refunded"]) == (False, 500)
    with pytest.raises(stripe.InvalidRequestError, match=r"\(\$20.00\) is greater than .* \(\$14.00\)"):
        sandbox.v1.refunds.create({"payment_intent": intent_id, "amount": 2000})
    sandbox.v1.refunds.create({"charge": charge["id"], "amount": 1400})
    seen = [each for each in sandbox.look("events")["data"] if each["type"] == "charge.refunded"]
    assert [each["data"]["object"]["amount_refunded"] for each in seen] == [500, 1900]
    assert seen[0]["data"]["previous_attributes"] == {"amount_refunded": 0}
    assert seen[1]["data"]["previous_attributes"] == {"amount_refunded": 500, "refunded": False}
    assert seen[0]["request"]["id"].startswith("req_")
    assert len(sandbox.v1.refunds.list({"payment_intent": intent_id}).data) == 2


def test_needs_something_to_refund(sandbox: Calls) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="One of the following params should be provided"):
        sandbox.v1.refunds.create({})
    failed = sandbox.pay(sandbox.make_session().id, payment_method="pm_card_visa_chargeDeclined")
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        sandbox.v1.refunds.create({"payment_intent": failed.json["error"]["payment_intent"]["id"]})


def test_refuses_an_unknown_reason(sandbox: Calls, intent_id: str) -> None:
    answer = sandbox.call("POST", "/v1/refunds", f"payment_intent={intent_id}&reason=because")
    assert answer.json["error"]["message"] == (
        "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer"
    )


def test_lists_no_disputes(sandbox: Calls, intent_id: str) -> None:
    assert sandbox.v1.disputes.list({"payment_intent": intent_id}).data == []
    assert sandbox.v1.disputes.list({"charge": "ch_3x"}).data == []
