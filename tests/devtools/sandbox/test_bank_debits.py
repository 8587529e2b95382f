"""SEPA and ACH debits: complete but unpaid first, the truth later."""

import pytest

from tests.devtools.sandbox.calls import Calls

FIRST = ["payment_intent.created", "payment_intent.processing", "charge.pending", "checkout.session.completed"]


def make_debit_session(sandbox: Calls, method: str) -> str:
    price = sandbox.make_price(currency="eur" if method.startswith("sepa") else "usd")
    return sandbox.make_session(price).id


@pytest.mark.parametrize("method", ["sepa_success", "ach_success"])
def test_succeeds_with_a_good_account(sandbox: Calls, method: str) -> None:
    session_id = make_debit_session(sandbox, method)
    waiting = sandbox.pay(session_id, payment_method=method).json
    assert (waiting["status"], waiting["payment_status"]) == ("complete", "unpaid")
    assert waiting["payment_intent"]["status"] == "processing"
    assert sandbox.event_types() == FIRST
    assert sandbox.page(session_id, "/poll").json["state"] == "processing"
    sandbox.control(f"payment_intents/{waiting['payment_intent']['id']}/settle")
    assert sandbox.session(session_id)["payment_status"] == "paid"
    assert sandbox.event_types()[4:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
        "charge.updated",
    ]


@pytest.mark.parametrize("method", ["sepa_failure", "ach_failure"])
def test_fails_with_the_banks_reason(sandbox: Calls, method: str) -> None:
    session_id = make_debit_session(sandbox, method)
    intent_id = sandbox.pay(session_id, payment_method=method).json["payment_intent"]["id"]
    sandbox.control(f"payment_intents/{intent_id}/settle")
    session = sandbox.session(session_id)
    assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
    intent = sandbox.get(f"/v1/payment_intents/{intent_id}")
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    assert sandbox.page(session_id, "/poll").json["state"] == "failed"
    assert sandbox.event_types()[4:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]


@pytest.mark.parametrize(("method", "result"), [("sepa_failure", "succeeded"), ("sepa_success", "failed")])
def test_settles_as_told(sandbox: Calls, method: str, result: str) -> None:
    intent_id = sandbox.pay(make_debit_session(sandbox, method), payment_method=method).json["payment_intent"][
        "id"
    ]
    sandbox.control(f"payment_intents/{intent_id}/settle", result=result)
    assert sandbox.event_types().count(f"checkout.session.async_payment_{result}") == 1
    answer = sandbox.http.post(f"{sandbox.url}/_sandbox/payment_intents/{intent_id}/settle", json={}, timeout=60)
    assert answer.status_code == 400


def test_settles_by_itself_after_a_while(sandbox: Calls) -> None:
    sandbox.control("config", settle_after_seconds=0.1)
    session_id = make_debit_session(sandbox, "sepa_success")
    sandbox.pay(session_id, payment_method="sepa_success")
    sandbox.wait_until(lambda: sandbox.session(session_id)["payment_status"] == "paid")


def test_blocks_a_risky_account_at_once(sandbox: Calls) -> None:
    account = "us_bank_account[account_number]=000000004954&us_bank_account[routing_number]=110000000"
    method = sandbox.call("POST", "/v1/payment_methods", f"type=us_bank_account&{account}").json
    assert sandbox.pay(sandbox.make_session().id, payment_method=method["id"]).status == 402


@pytest.mark.parametrize("iban", ["AT611904300234573202", "AT483200000012345864", "nonsense"])
def test_refuses_other_accounts(sandbox: Calls, iban: str) -> None:
    answer = sandbox.call("POST", "/v1/payment_methods", f"type=sepa_debit&sepa_debit[iban]={iban}")
    assert (answer.status, answer.json["error"]["param"]) == (400, "sepa_debit[iban]")


def test_is_offered_by_currency_and_wish(sandbox: Calls) -> None:
    others = ["bacs_debit", "multibanco", "klarna", "eps"]
    sandbox.control("config", disabled_methods=others)
    euros = sandbox.make_price(currency="eur")
    assert sandbox.make_session(euros).payment_method_types == ["card", "sepa_debit"]
    assert sandbox.make_session().payment_method_types == ["card", "us_bank_account"]
    assert sandbox.make_session(sandbox.make_price(currency="gbp")).payment_method_types == ["card"]
    only_card = sandbox.make_session(euros, allowed_payment_method_types=["card"])
    assert only_card.payment_method_types == ["card"]
    assert sandbox.make_session(euros, excluded_payment_method_types=["card"]).payment_method_types == [
        "sepa_debit"
    ]
    refused = sandbox.pay(only_card.id, payment_method="sepa_success")
    assert (refused.status, refused.json["error"]["param"]) == (400, "payment_method")
    sandbox.control("config", ach_debits=False)
    assert sandbox.make_session().payment_method_types == ["card"]
