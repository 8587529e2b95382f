"""Refunds of cards and bank debits: full, in parts, pending, failed, canceled."""

import pytest
import stripe

from tests.devtools.sandbox.after_sale import events_after, pay_with
from tests.devtools.sandbox.calls import Calls


@pytest.fixture
def intent_id(sandbox: Calls) -> str:
    return str(sandbox.pay(sandbox.make_session().id).json["payment_intent"]["id"])


def test_refunds_everything(sandbox: Calls, intent_id: str) -> None:
    refund = sandbox.v1.refunds.create({"payment_intent": intent_id, "reason": "requested_by_customer"})
    assert (refund.status, refund.amount) == ("succeeded", 1900)
    charge = sandbox.get(f"/v1/charges/{refund.charge}", "expand[]=refunds")
    assert (charge["refunded"], charge["amount_refunded"], charge["status"]) == (True, 1900, "succeeded")
    assert [entry["id"] for entry in charge["refunds"]["data"]] == [refund.id]
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
    seen = [entry for entry in sandbox.look("events")["data"] if entry["type"] == "charge.refunded"]
    assert [entry["data"]["object"]["amount_refunded"] for entry in seen] == [500, 1900]
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


def amounts(sandbox: Calls, charge_id: str) -> tuple[int, bool]:
    charge = sandbox.get(f"/v1/charges/{charge_id}")
    return charge["amount_refunded"], charge["refunded"]


def test_waits_for_the_bank(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_pendingRefund")
    new_types = events_after(sandbox, lambda: sandbox.v1.refunds.create({"charge": charge_id}))
    assert new_types == ["refund.created", "charge.refunded"]
    refund = sandbox.get("/v1/refunds")["data"][0]
    assert (refund["status"], refund["pending_reason"]) == ("pending", "processing")
    assert amounts(sandbox, charge_id) == (1900, True)
    settled = events_after(sandbox, lambda: sandbox.control(f"refunds/{refund['id']}/settle"))
    assert settled == ["refund.updated", "charge.refund.updated"] * 2
    first, second = sandbox.look("events?type=refund.updated")["data"]
    assert first["data"]["previous_attributes"] == {"status": "pending", "pending_reason": "processing"}
    assert first["data"]["object"]["status"] == "succeeded"
    assert list(second["data"]["previous_attributes"]) == ["destination_details"]
    assert "pending_reason" not in sandbox.get(f"/v1/refunds/{refund['id']}")


def test_fails_after_it_has_succeeded(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_refundFail")
    refund = sandbox.v1.refunds.create({"charge": charge_id, "amount": 500})
    assert (refund.status, amounts(sandbox, charge_id)) == ("succeeded", (500, False))
    failed = events_after(sandbox, lambda: sandbox.control(f"refunds/{refund.id}/settle"))
    assert failed == ["refund.updated", "refund.failed", "charge.refund.updated"]
    seen = sandbox.get(f"/v1/refunds/{refund.id}", "expand[]=failure_balance_transaction")
    assert (seen["status"], seen["failure_reason"]) == ("failed", "expired_or_canceled_card")
    assert seen["failure_balance_transaction"]["amount"] == 500
    assert amounts(sandbox, charge_id) == (0, False)
    assert sandbox.v1.refunds.create({"charge": charge_id}).amount == 1900
    assert amounts(sandbox, charge_id) == (1900, True)


def test_ends_by_itself_after_a_while(sandbox: Calls) -> None:
    sandbox.control("config", settle_after_seconds=0.1)
    pending = sandbox.v1.refunds.create({"charge": pay_with(sandbox, "pm_card_pendingRefund")}).id
    bouncing = sandbox.v1.refunds.create({"charge": pay_with(sandbox, "pm_card_refundFail")}).id
    for refund_id, status in ((pending, "succeeded"), (bouncing, "failed")):
        sandbox.wait_until(lambda: sandbox.get(f"/v1/refunds/{refund_id}")["status"] == status)  # noqa: B023


@pytest.mark.parametrize(("method", "currency"), [("sepa_success", "eur"), ("ach_success", "usd")])
@pytest.mark.parametrize("result", ["succeeded", "failed", "canceled"])
def test_refunds_a_bank_debit(sandbox: Calls, method: str, currency: str, result: str) -> None:
    charge_id = pay_with(sandbox, method, currency)
    refund = sandbox.v1.refunds.create({"charge": charge_id})
    assert (refund.id[:4], refund.status) == ("pyr_", "pending")
    ended = events_after(sandbox, lambda: sandbox.control(f"refunds/{refund.id}/settle", result=result))
    between = ["refund.failed"] if result == "failed" else []
    assert ended == ["refund.updated", *between, "charge.refund.updated"]
    assert sandbox.get(f"/v1/refunds/{refund.id}")["status"] == result
    assert amounts(sandbox, charge_id) == ((1900, True) if result == "succeeded" else (0, False))


def test_does_not_refund_what_the_bank_has_not_paid(sandbox: Calls) -> None:
    session = sandbox.make_session(sandbox.make_price(currency="eur"))
    intent = sandbox.pay(session.id, payment_method="sepa_success").json["payment_intent"]
    charge_id = sandbox.get(f"/v1/payment_intents/{intent['id']}")["latest_charge"]
    with pytest.raises(stripe.InvalidRequestError, match="did not succeed"):
        sandbox.v1.refunds.create({"charge": charge_id})


def test_cancels_only_while_pending(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_pendingRefund")
    refund = sandbox.v1.refunds.create({"charge": charge_id, "amount": 600})
    canceled = sandbox.v1.refunds.cancel(refund.id)
    assert (canceled.status, canceled.failure_reason) == ("canceled", "merchant_request")
    assert amounts(sandbox, charge_id) == (0, False)
    with pytest.raises(stripe.InvalidRequestError, match="only a pending refund can be canceled"):
        sandbox.v1.refunds.cancel(refund.id)


def test_changes_metadata_only(sandbox: Calls, intent_id: str) -> None:
    refund = sandbox.v1.refunds.create({"payment_intent": intent_id, "metadata": {"ticket": "77"}})
    changed = events_after(sandbox, lambda: sandbox.v1.refunds.update(refund.id, {"metadata": {"ticket": "78"}}))
    assert changed == ["refund.updated", "charge.refund.updated"]
    last = sandbox.look("events?type=refund.updated")["data"][-1]
    assert last["data"]["previous_attributes"] == {"metadata": {"ticket": "77"}}
    assert events_after(sandbox, lambda: sandbox.v1.refunds.update(refund.id, {})) == []


@pytest.mark.parametrize("outcome", [None, "succeeded", "pending", "failed"])
def test_refunds_as_told(sandbox: Calls, outcome: str | None) -> None:
    charge_id = pay_with(sandbox, "pm_card_visa")
    how = {} if outcome is None else {"outcome": outcome}
    refund = sandbox.control(f"charges/{charge_id}/refund", amount=700, **how)
    assert (refund["amount"], refund["status"]) == (700, outcome or "succeeded")
    assert amounts(sandbox, charge_id) == ((0, False) if outcome == "failed" else (700, False))
    assert sandbox.look("events?type=charge.refunded")["data"][0]["request"]["id"] is None


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("charges/ch_none/refund", {}, 404),
        ("charges/{charge}/refund", {"amount": 1901}, 400),
        ("charges/{charge}/refund", {"amount": 0}, 400),
        ("charges/{charge}/refund", {"amount": True}, 400),
        ("charges/{charge}/refund", {"outcome": "lost"}, 400),
        ("refunds/{refund}/settle", {"result": "canceled"}, 400),
        ("refunds/{refund}/settle", {"result": "pending"}, 400),
        ("refunds/re_none/settle", {}, 404),
    ],
)
def test_refuses_what_cannot_be(sandbox: Calls, path: str, body: dict[str, object], status: int) -> None:
    charge_id = pay_with(sandbox, "pm_card_visa")
    refund = sandbox.v1.refunds.create({"charge": charge_id, "amount": 1})
    url = f"{sandbox.url}/_sandbox/{path.format(charge=charge_id, refund=refund.id)}"
    assert sandbox.http.post(url, json=body, timeout=60).status_code == status


def test_obeys_this_machine_only(sandbox: Calls) -> None:
    """The guard of the control API holds for these calls too."""
    url = f"{sandbox.url}/_sandbox/charges/ch_1/refund"
    answer = sandbox.http.post(url, json={}, headers={"Origin": "https://evil.example"}, timeout=60)
    assert answer.status_code == 403


def test_lists_no_disputes(sandbox: Calls, intent_id: str) -> None:
    assert sandbox.v1.disputes.list({"payment_intent": intent_id}).data == []
    assert sandbox.v1.disputes.list({"charge": "ch_3x"}).data == []
