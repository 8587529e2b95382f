"""Disputes: opened by card, account or control; answered, won, lost, escalated, given up."""

from typing import Any

import pytest
import stripe

from storefront.devtools.sandbox.resources.disputes import LONG_TEXTS
from tests.devtools.sandbox.after_sale import events_after, pay_with
from tests.devtools.sandbox.calls import Calls

PAID = 5  # the events of a card payment, up to charge.updated
OPENED = ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.updated"]


def disputes_of(sandbox: Calls, charge_id: str) -> list[Any]:
    disputes: list[Any] = sandbox.get("/v1/disputes", f"charge={charge_id}")["data"]
    return disputes


def make_dispute(sandbox: Calls, status: str = "needs_response", **more: str) -> Any:
    return sandbox.control(f"charges/{pay_with(sandbox)}/dispute", status=status, **more)


def see(sandbox: Calls, dispute_id: str) -> Any:
    return sandbox.get(f"/v1/disputes/{dispute_id}")


def give(sandbox: Calls, dispute_id: str, text: str, more: str = "") -> Any:
    answer = sandbox.call("POST", f"/v1/disputes/{dispute_id}", f"evidence[uncategorized_text]={text}{more}")
    assert answer.status == 200, answer.json
    return answer.json


@pytest.mark.parametrize(
    ("method", "reason", "code"),
    [
        ("pm_card_createDispute", "fraudulent", "10.4"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "13.1"),
    ],
)
def test_follows_the_payment(sandbox: Calls, method: str, reason: str, code: str) -> None:
    charge_id = pay_with(sandbox, method)
    assert sandbox.event_types()[PAID:] == OPENED
    (dispute,) = disputes_of(sandbox, charge_id)
    assert (dispute["reason"], dispute["status"], dispute["network_reason_code"]) == (
        reason,
        "needs_response",
        code,
    )
    assert [(entry["net"], entry["fee"]) for entry in dispute["balance_transactions"]] == [(-3400, 1500)]
    charge = sandbox.get(f"/v1/charges/{charge_id}")
    assert (charge["disputed"], charge["amount_refunded"]) == (True, 0)
    assert sandbox.v1.disputes.list({"payment_intent": charge["payment_intent"]}).data[0].id == dispute["id"]


def test_tells_of_the_dispute_in_its_events(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_createDispute")
    created, withdrawn, updated = sandbox.look("events")["data"][-3:]
    assert created["data"]["object"]["charge"] == withdrawn["data"]["object"]["charge"] == charge_id
    assert created["data"]["object"]["status"] == "needs_response"
    assert updated["data"]["previous_attributes"] == {"disputed": False}
    assert updated["data"]["object"]["disputed"] is True


def test_is_only_an_inquiry_with_some_cards(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_createDisputeInquiry")
    assert sandbox.event_types()[PAID:] == ["charge.dispute.created"]
    (inquiry,) = disputes_of(sandbox, charge_id)
    assert (inquiry["status"], inquiry["balance_transactions"]) == ("warning_needs_response", [])
    assert inquiry["payment_method_details"]["card"]["case_type"] == "inquiry"
    assert sandbox.get(f"/v1/charges/{charge_id}")["disputed"] is False
    assert inquiry["is_charge_refundable"] is True
    assert sandbox.v1.refunds.create({"charge": charge_id, "amount": 100}).status == "succeeded"


def test_comes_twice(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox, "pm_card_createMultipleDisputes")
    assert sorted(entry["amount"] for entry in disputes_of(sandbox, charge_id)) == [950, 950]
    assert sandbox.event_types()[PAID:] == [*OPENED, "charge.dispute.created", "charge.dispute.funds_withdrawn"]


@pytest.mark.parametrize(("method", "currency"), [("sepa_dispute", "eur"), ("ach_dispute", "usd")])
def test_follows_a_bank_debit(sandbox: Calls, method: str, currency: str) -> None:
    charge_id = pay_with(sandbox, method, currency)
    assert sandbox.event_types()[-len(OPENED) - 1 :] == ["charge.updated", *OPENED]
    (dispute,) = disputes_of(sandbox, charge_id)
    assert (dispute["reason"], dispute["amount"]) == ("debit_not_authorized", 1900)
    assert "payment_method_details" not in dispute


def test_is_paid_by_typed_numbers_too(sandbox: Calls) -> None:
    for number in ("4000000000000259", "4000000000002685", "4000000000001976", "4000000404000079"):
        card = f"card[number]={number}&card[exp_month]=12&card[exp_year]=40&card[cvc]=123"
        text = f"key={sandbox.server.publishable_key}&type=card&{card}"
        assert sandbox.call("POST", "/v1/payment_methods", text).status == 200


@pytest.mark.parametrize(
    ("words", "closed", "money"),
    [
        ("winning_evidence", "won", [-1900, 1900]),
        ("losing_evidence", "lost", [-1900]),
    ],
)
def test_is_decided_by_the_evidence(sandbox: Calls, words: str, closed: str, money: list[int]) -> None:
    dispute_id = make_dispute(sandbox)["id"]
    sent = events_after(sandbox, lambda: give(sandbox, dispute_id, words))
    assert sent == ["charge.dispute.updated"]
    answered = see(sandbox, dispute_id)
    assert (answered["status"], answered["evidence"]["uncategorized_text"]) == ("under_review", words)
    assert answered["evidence_details"]["submission_count"] == 1
    decided = events_after(sandbox, lambda: sandbox.control(f"disputes/{dispute_id}/move"))
    back = ["charge.dispute.funds_reinstated"] if closed == "won" else []
    assert decided == ["charge.dispute.closed", *back]
    after = see(sandbox, dispute_id)
    assert (after["status"], [entry["amount"] for entry in after["balance_transactions"]]) == (closed, money)
    charge = sandbox.get(f"/v1/charges/{after['charge']}")
    assert charge["disputed"] is True


def test_decides_by_itself_after_a_while(sandbox: Calls) -> None:
    sandbox.control("config", settle_after_seconds=0.1)
    dispute_id = make_dispute(sandbox)["id"]
    assert give(sandbox, dispute_id, "winning_evidence")["status"] == "under_review"
    sandbox.wait_until(lambda: see(sandbox, dispute_id)["status"] == "won")


def test_waits_for_evidence_that_is_only_staged(sandbox: Calls) -> None:
    dispute_id = make_dispute(sandbox)["id"]
    staged = give(sandbox, dispute_id, "losing_evidence", "&submit=false")
    assert (staged["status"], staged["evidence_details"]["has_evidence"]) == ("needs_response", True)
    assert staged["evidence_details"]["submission_method"] == "not_submitted"
    sent = sandbox.v1.disputes.update(dispute_id, {"submit": True})
    assert (sent.status, sent.evidence_details.submission_method) == ("under_review", "manual")
    with pytest.raises(stripe.InvalidRequestError, match="takes no evidence"):
        sandbox.v1.disputes.update(dispute_id, {"evidence": {"receipt": "file_1"}})


def test_keeps_metadata_without_sending_anything(sandbox: Calls) -> None:
    dispute_id = make_dispute(sandbox)["id"]
    changed = events_after(sandbox, lambda: sandbox.v1.disputes.update(dispute_id, {"metadata": {"case": "7"}}))
    assert changed == ["charge.dispute.updated"]
    last = sandbox.look("events")["data"][-1]["data"]
    assert (last["object"]["status"], last["previous_attributes"]) == (
        "needs_response",
        {"metadata": {"case": None}},
    )


def test_escalates_an_inquiry(sandbox: Calls) -> None:
    inquiry = make_dispute(sandbox, "warning_needs_response")
    give(sandbox, inquiry["id"], "escalate_inquiry_evidence")
    assert see(sandbox, inquiry["id"])["status"] == "warning_under_review"
    escalated = events_after(sandbox, lambda: sandbox.control(f"disputes/{inquiry['id']}/move"))
    assert escalated == ["charge.dispute.updated", "charge.dispute.funds_withdrawn", "charge.updated"]
    dispute = see(sandbox, inquiry["id"])
    assert (dispute["status"], dispute["is_charge_refundable"]) == ("needs_response", False)
    assert dispute["payment_method_details"]["card"]["case_type"] == "chargeback"
    assert dispute["evidence_details"]["submission_count"] == 1
    assert sandbox.get(f"/v1/charges/{dispute['charge']}")["disputed"] is True


@pytest.mark.parametrize(
    ("status", "closed"),
    [
        ("needs_response", "lost"),
        ("warning_needs_response", "warning_closed"),
        ("appeal_needs_response", "lost"),
    ],
)
def test_is_given_up(sandbox: Calls, status: str, closed: str) -> None:
    dispute_id = make_dispute(sandbox, status)["id"]
    given_up = events_after(sandbox, lambda: sandbox.v1.disputes.close(dispute_id))
    assert given_up == ["charge.dispute.closed"]
    assert see(sandbox, dispute_id)["status"] == closed
    with pytest.raises(stripe.InvalidRequestError, match="cannot be closed"):
        sandbox.v1.disputes.close(dispute_id)


UPDATED, CLOSED, BACK = "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated"


@pytest.mark.parametrize(
    ("status", "events"),
    [
        ("needs_response", OPENED),
        ("under_review", [*OPENED, UPDATED]),
        ("won", [*OPENED, CLOSED, BACK]),
        ("lost", [*OPENED, CLOSED]),
        ("warning_needs_response", OPENED[:1]),
        ("warning_under_review", [OPENED[0], UPDATED]),
        ("warning_closed", [OPENED[0], CLOSED]),
        ("prevented", [OPENED[0], CLOSED]),
        ("appeal_needs_response", [*OPENED, CLOSED, UPDATED]),
        ("appeal_under_review", [*OPENED, CLOSED, UPDATED, UPDATED]),
    ],
)
def test_begins_with_any_status(sandbox: Calls, status: str, events: list[str]) -> None:
    charge_id = pay_with(sandbox)
    told = events_after(
        sandbox, lambda: sandbox.control(f"charges/{charge_id}/dispute", status=status, reason="duplicate")
    )
    assert told == events
    (dispute,) = disputes_of(sandbox, charge_id)
    assert (dispute["status"], dispute["reason"]) == (status, "duplicate")
    is_refundable = status.startswith("warning_") or status in {"won", "prevented"}
    assert dispute["is_charge_refundable"] is is_refundable
    if is_refundable:
        assert sandbox.v1.refunds.create({"charge": charge_id}).status == "succeeded"
    else:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            sandbox.v1.refunds.create({"charge": charge_id})
        assert caught.value.code == "charge_disputed"
        assert f"Charge {charge_id} has been charged back; cannot issue a refund." in str(caught.value)


def test_wins_the_appeal(sandbox: Calls) -> None:
    dispute_id = make_dispute(sandbox, "appeal_needs_response")["id"]
    assert give(sandbox, dispute_id, "winning_evidence")["status"] == "appeal_under_review"
    won = events_after(sandbox, lambda: sandbox.control(f"disputes/{dispute_id}/move", status="won"))
    assert won == [CLOSED, BACK]
    last = sandbox.look(f"events?type={CLOSED}")["data"][-1]["data"]
    assert last["previous_attributes"]["status"] == "appeal_under_review"
    assert len(last["previous_attributes"]["balance_transactions"]) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("won", {"status": "lost"}),
        ("warning_closed", {"status": "needs_response"}),
        ("needs_response", {"status": "warning_closed"}),
        ("needs_response", {"status": "settled"}),
        ("needs_response", {}),
        ("prevented", {"status": "won"}),
    ],
)
def test_moves_only_forward(sandbox: Calls, status: str, body: dict[str, str]) -> None:
    dispute_id = make_dispute(sandbox, status)["id"]
    answer = sandbox.http.post(f"{sandbox.url}/_sandbox/disputes/{dispute_id}/move", json=body, timeout=60)
    assert (answer.status_code, see(sandbox, dispute_id)["status"]) == (400, status)


def test_needs_money_to_dispute(sandbox: Calls) -> None:
    charge_id = pay_with(sandbox)
    sandbox.v1.refunds.create({"charge": charge_id, "amount": 400})
    assert sandbox.control(f"charges/{charge_id}/dispute")["amount"] == 1500
    for wrong in (charge_id, "ch_none"):
        url = f"{sandbox.url}/_sandbox/charges/{wrong}/dispute"
        assert sandbox.http.post(url, json={}, timeout=60).status_code in {400, 404}
    assert len(disputes_of(sandbox, charge_id)) == 1


def test_knows_no_other_dispute(sandbox: Calls) -> None:
    pay_with(sandbox, "pm_card_createDispute")
    assert sandbox.v1.disputes.list({"charge": "ch_3x"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute: 'du_none'"):
        sandbox.v1.disputes.retrieve("du_none")


def test_shows_paid_charges_with_their_newest_dispute(sandbox: Calls) -> None:
    sandbox.pay(sandbox.make_session().id, payment_method="pm_card_visa_chargeDeclined")
    first, second = pay_with(sandbox), pay_with(sandbox)
    sandbox.control(f"charges/{second}/dispute", status="warning_closed")
    newest = sandbox.control(f"charges/{second}/dispute")
    shown = sandbox.look("charges")["data"]
    assert [entry["id"] for entry in shown] == [first, second]
    assert shown[0]["dispute"] is None
    assert shown[1]["dispute"]["id"] == newest["id"]


@pytest.mark.parametrize(
    ("field", "longest"),
    [
        ("product_description", 20_000),
        ("access_activity_log", 20_000),
        ("customer_name", 5_000),
        ("service_date", 5_000),
    ],
)
def test_takes_texts_as_long_as_stripe_does(sandbox: Calls, field: str, longest: int) -> None:
    dispute_id = make_dispute(sandbox)["id"]
    for length in (longest + 1, longest):
        body = f"evidence[{field}]={'x' * length}&submit=false"
        answer = sandbox.call("POST", f"/v1/disputes/{dispute_id}", body)
    assert answer.status == 200
    assert len(see(sandbox, dispute_id)["evidence"][field]) == longest
    error = sandbox.call("POST", f"/v1/disputes/{dispute_id}", f"evidence[{field}]={'x' * (longest + 1)}").json[
        "error"
    ]
    assert (error["code"], error["param"]) == ("parameter_invalid_string_too_long", f"evidence[{field}]")
    assert error["message"].endswith(f"must be at most {longest} characters")


def test_takes_no_more_than_stripe_does_of_all_texts(sandbox: Calls) -> None:
    dispute_id = make_dispute(sandbox)["id"]
    texts = "&".join(f"evidence[{field}]={'x' * 20_000}" for field in LONG_TEXTS)
    refused = sandbox.call("POST", f"/v1/disputes/{dispute_id}", f"{texts}&submit=false")
    assert (refused.status, refused.json["error"]["param"]) == (400, "evidence")
    assert "limited to 150,000" in refused.json["error"]["message"]
    assert see(sandbox, dispute_id)["evidence"]["uncategorized_text"] is None
