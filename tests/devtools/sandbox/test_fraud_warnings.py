"""Early fraud warnings: after the payment, before any dispute; settled by a refund or a dispute."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls

CREATED, UPDATED = "radar.early_fraud_warning.created", "radar.early_fraud_warning.updated"


def pay_with(sandbox: Calls, method: str) -> str:
    """The id of the charge."""
    intent = sandbox.pay(sandbox.make_session().id, payment_method=method).json["payment_intent"]
    return str(sandbox.get(f"/v1/payment_intents/{intent['id']}")["latest_charge"])


def warning_of(sandbox: Calls, charge_id: str) -> Any:
    (warning,) = sandbox.get("/v1/radar/early_fraud_warnings", f"charge={charge_id}")["data"]
    return warning


def test_follows_the_payment(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_createIssuerFraudRecord")
    assert sandbox.event_types()[4:] == ["charge.updated", CREATED]
    warning = warning_of(sandbox, charge_id)
    assert (warning["actionable"], warning["fraud_type"]) == (True, "misc")
    read = sandbox.v1.radar.early_fraud_warnings
    assert read.retrieve(warning["id"]).charge == charge_id
    assert len(read.list({"payment_intent": warning["payment_intent"]}).data) == 1
    assert sandbox.get(f"/v1/charges/{charge_id}")["disputed"] is False


def test_rests_after_a_full_refund_only(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_createIssuerFraudRecord")
    sandbox.v1.refunds.create({"charge": charge_id, "amount": 100})
    assert UPDATED not in sandbox.event_types()
    sandbox.v1.refunds.create({"charge": charge_id})
    assert sandbox.event_types().count(UPDATED) == 1
    assert warning_of(sandbox, charge_id)["actionable"] is False
    last = sandbox.look(f"events?type={UPDATED}")["data"][-1]["data"]
    assert last["previous_attributes"] == {"actionable": True}


def test_rests_after_a_dispute(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_visa")
    suspected = sandbox.control(f"charges/{charge_id}/fraud_warning", fraud_type="made_with_stolen_card")
    assert (suspected["actionable"], suspected["fraud_type"]) == (True, "made_with_stolen_card")
    inquiry = sandbox.control(f"charges/{charge_id}/dispute", status="warning_needs_response")
    assert warning_of(sandbox, charge_id)["actionable"] is True
    sandbox.control(f"disputes/{inquiry['id']}/move", status="needs_response")
    assert warning_of(sandbox, charge_id)["actionable"] is False
    assert sandbox.event_types()[-1] == UPDATED
    assert sandbox.control(f"charges/{charge_id}/fraud_warning")["actionable"] is False


def test_needs_a_paid_charge_and_a_known_type(sandbox: Calls) -> None:
    failed = sandbox.pay(sandbox.make_session().id, payment_method="pm_card_visa_chargeDeclined")
    charge_id = failed.json["error"]["charge"]
    for path, body, status in (
        (charge_id, {}, 400),
        ("ch_none", {}, 404),
        (pay_with(sandbox, "pm_card_visa"), {"fraud_type": "odd"}, 400),
    ):
        url = f"{sandbox.url}/_sandbox/charges/{path}/fraud_warning"
        assert sandbox.http.post(url, json=body, timeout=60).status_code == status
    assert CREATED not in sandbox.event_types()
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        sandbox.v1.radar.early_fraud_warnings.retrieve("issfr_none")
