"""Vouchers, bank transfers, mandates, redirects and wallets: where they are offered, and how each ends."""

from typing import Any

import pytest

from tests.devtools.sandbox.calls import Answer, Calls
from tests.devtools.sandbox.shapes import Checker

VOUCHERS = {"boleto": "brl", "oxxo": "mxn", "multibanco": "eur", "konbini": "jpy"}


def open_session(sandbox: Calls, currency: str, amount: int = 1900, **more: Any) -> str:
    return sandbox.make_session(sandbox.make_price(amount, currency), **more).id


def pay_with(sandbox: Calls, method: str, currency: str, **how: Any) -> tuple[str, Any]:
    """Return the session's id and the PaymentIntent."""
    more: dict[str, Any] = {"customer_creation": "always"} if method == "customer_balance" else {}
    session_id = open_session(sandbox, currency, **more)
    answer = sandbox.pay(session_id, payment_method=method, authenticate=None, **how)
    assert answer.status == 200, answer.json
    return session_id, sandbox.get(f"/v1/payment_intents/{answer.json['payment_intent']['id']}")


def settle(sandbox: Calls, intent: Any, **how: Any) -> None:
    sandbox.control(f"payment_intents/{intent['id']}/settle", **how)


@pytest.mark.parametrize(
    ("currency", "amount", "offered"),
    [
        ("brl", 1900, ["card", "boleto"]),
        ("brl", 499, ["card"]),
        ("mxn", 1_000_001, ["card"]),
        ("jpy", 1900, ["card", "konbini"]),
        ("gbp", 1900, ["card", "bacs_debit", "klarna"]),
        ("eur", 1_000_001, ["card", "multibanco", "eps"]),
        ("pln", 999, ["card"]),
        ("inr", 1900, ["card"]),
    ],
)
def test_offers_by_currency_and_amount(sandbox: Calls, currency: str, amount: int, offered: list[str]) -> None:
    session_id = open_session(sandbox, currency, amount)
    assert sandbox.session(session_id)["payment_method_types"] == offered
    assert [method["type"] for method in sandbox.page(session_id).json["payment_methods"]] == offered


def test_refuses_what_it_does_not_offer(sandbox: Calls) -> None:
    answer = sandbox.pay(open_session(sandbox, "usd"), payment_method="boleto")
    assert (answer.status, answer.json["error"]["param"]) == (400, "payment_method")
    sandbox.control("config", disabled_methods=["klarna", "multibanco", "eps"])
    assert sandbox.session(open_session(sandbox, "eur"))["payment_method_types"] == ["card", "sepa_debit"]
    with_customer = open_session(sandbox, "usd", customer_creation="always")
    assert "customer_balance" in sandbox.session(with_customer)["payment_method_types"]


@pytest.mark.parametrize(("method", "currency"), VOUCHERS.items())
def test_sells_by_voucher(sandbox: Calls, method: str, currency: str) -> None:
    session_id, intent = pay_with(sandbox, method, currency)
    details = intent["next_action"][f"{method}_display_details"]
    assert (intent["status"], intent["latest_charge"]) == ("requires_action", None)
    assert sandbox.session(session_id)["payment_status"] == "unpaid"
    assert sandbox.http.get(details["hosted_voucher_url"], timeout=60).status_code == 200
    settle(sandbox, intent)
    assert sandbox.session(session_id)["payment_status"] == "paid"
    assert sandbox.event_types() == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "checkout.session.completed",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
        "charge.updated",
    ]
    charge = sandbox.get("/v1/charges", "limit=1")["data"][0]
    assert charge["payment_method_details"]["type"] == method
    disputed = sandbox.http.post(f"{sandbox.url}/_sandbox/charges/{charge['id']}/dispute", json={}, timeout=60)
    assert disputed.status_code == 400


@pytest.mark.parametrize(("method", "currency"), VOUCHERS.items())
def test_lets_a_voucher_expire_by_the_clock(sandbox: Calls, method: str, currency: str) -> None:
    session_id, _intent = pay_with(sandbox, method, currency, email="a+fill_never@example.com")
    sandbox.control("clock", advance_seconds=8 * 86_400)
    if method == "multibanco":  # the money may be on its way for four days more
        assert sandbox.event_types()[-1] == "payment_intent.processing"
        sandbox.control("clock", advance_seconds=4 * 86_400)
    assert sandbox.event_types()[-2:] == ["payment_intent.payment_failed", "checkout.session.async_payment_failed"]
    session = sandbox.session(session_id)
    assert (session["status"], session["payment_status"]) == ("complete", "unpaid")


def test_lets_the_address_of_a_test_buyer_decide(sandbox: Calls) -> None:
    paid, _ = pay_with(sandbox, "oxxo", "mxn", email="succeed_immediately@example.com")
    sandbox.wait_until(lambda: sandbox.session(paid)["payment_status"] == "paid")
    pay_with(sandbox, "oxxo", "mxn", email="expire_immediately@example.com")
    sandbox.wait_until(lambda: sandbox.event_types()[-1] == "checkout.session.async_payment_failed")


def test_shows_a_voucher_for_as_many_days_as_the_shop_says(sandbox: Calls) -> None:
    options = {"boleto": {"expires_after_days": 1}}
    session_id = open_session(sandbox, "brl", payment_method_options=options)
    paid = sandbox.pay(session_id, payment_method="boleto").json
    answer = sandbox.get(f"/v1/payment_intents/{paid['payment_intent']['id']}")
    ends = answer["next_action"]["boleto_display_details"]["expires_at"]
    assert ends % 86_400 == (23 + 3) % 24 * 3600 + 59 * 60  # 23:59 in São Paulo
    assert ends - sandbox.session(session_id)["created"] < 2 * 86_400


@pytest.mark.parametrize("method", ["boleto", "oxxo"])
def test_refunds_no_voucher_that_nobody_can_refund(sandbox: Calls, method: str) -> None:
    _, intent = pay_with(sandbox, method, VOUCHERS[method])
    settle(sandbox, intent)
    answer = sandbox.call("POST", "/v1/refunds", f"payment_intent={intent['id']}")
    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("end", ["succeeded", "failed", "canceled"])
def test_asks_a_konbini_buyer_where_the_refund_goes(sandbox: Calls, end: str) -> None:
    _, intent = pay_with(sandbox, "konbini", "jpy")
    settle(sandbox, intent)
    refund = sandbox.call("POST", "/v1/refunds", f"payment_intent={intent['id']}").json
    assert (refund["status"], refund["next_action"]["type"]) == ("requires_action", "display_details")
    if end == "canceled":
        sandbox.call("POST", f"/v1/refunds/{refund['id']}/cancel")
    else:
        sandbox.control(f"refunds/{refund['id']}/settle", result=end)
    assert sandbox.get(f"/v1/refunds/{refund['id']}")["status"] == end


# Bank transfers


def fund(sandbox: Calls, customer: str, amount: int, currency: str = "eur", reference: str = "") -> Answer:
    body = f"amount={amount}&currency={currency}" + (f"&reference={reference}" if reference else "")
    return sandbox.call("POST", f"/v1/test_helpers/customers/{customer}/fund_cash_balance", body)


def test_takes_a_transfer_in_parts_and_keeps_what_is_too_much(sandbox: Calls) -> None:
    session_id, intent = pay_with(sandbox, "customer_balance", "eur")
    shown = intent["next_action"]["display_bank_transfer_instructions"]
    assert (shown["amount_remaining"], shown["type"]) == (1900, "eu_bank_transfer")
    assert sandbox.http.get(shown["hosted_instructions_url"], timeout=60).status_code == 200
    before = len(sandbox.event_types())
    assert fund(sandbox, intent["customer"], 900).json["type"] == "funded"
    now = sandbox.get(f"/v1/payment_intents/{intent['id']}")
    assert now["next_action"]["display_bank_transfer_instructions"]["amount_remaining"] == 1000
    assert sandbox.session(session_id)["payment_status"] == "unpaid"
    sandbox.control(f"payment_intents/{intent['id']}/fund", amount=1500)
    assert sandbox.session(session_id)["payment_status"] == "paid"
    assert sandbox.event_types()[before:] == [
        "customer_cash_balance_transaction.created",
        "customer_cash_balance_transaction.created",
        "payment_intent.partially_funded",
        "customer_cash_balance_transaction.created",
        "customer_cash_balance_transaction.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "cash_balance.funds_available",
        "checkout.session.async_payment_succeeded",
        "charge.updated",
    ]
    customer = intent["customer"]
    assert sandbox.get(f"/v1/customers/{customer}/cash_balance")["available"] == {"eur": 500}
    refund = sandbox.call("POST", "/v1/refunds", f"payment_intent={intent['id']}&amount=400").json
    assert refund["destination_details"]["type"] == "customer_cash_balance"
    assert sandbox.get(f"/v1/customers/{customer}/cash_balance")["available"] == {"eur": 900}
    returned = sandbox.call(
        "POST", "/v1/refunds", f"origin=customer_balance&customer={customer}&amount=900&currency=eur"
    )
    assert returned.status == 200
    assert sandbox.get(f"/v1/customers/{customer}/cash_balance")["available"] is None
    sandbox.control(f"refunds/{returned.json['id']}/settle", result="failed")
    kinds = [row["type"] for row in sandbox.get(f"/v1/customers/{customer}/cash_balance_transactions")["data"]]
    assert kinds[:3] == ["return_canceled", "return_initiated", "refunded_from_payment"]


def test_pays_at_once_from_a_balance_that_is_there(sandbox: Calls) -> None:
    customer = sandbox.v1.customers.create({"email": "reader@example.com"}).id
    assert fund(sandbox, customer, 500, reference="reversal_1").json["net_amount"] == 500
    assert sandbox.get(f"/v1/customers/{customer}/cash_balance")["available"] is None
    fund(sandbox, customer, 1900)
    session_id = open_session(sandbox, "eur", customer=customer)
    assert sandbox.pay(session_id, payment_method="customer_balance").status == 200
    assert sandbox.session(session_id)["payment_status"] == "paid"


def test_gives_a_canceled_transfer_back_to_the_balance(sandbox: Calls) -> None:
    _, intent = pay_with(sandbox, "customer_balance", "eur")
    fund(sandbox, intent["customer"], 900)
    assert sandbox.call("POST", f"/v1/payment_intents/{intent['id']}/cancel").json["status"] == "canceled"
    assert sandbox.get(f"/v1/customers/{intent['customer']}/cash_balance")["available"] == {"eur": 900}


# Debits


@pytest.mark.parametrize(("method", "currency"), [("sepa_success", "eur"), ("bacs_success", "gbp")])
def test_keeps_the_mandate_of_a_debit(sandbox: Calls, method: str, currency: str) -> None:
    _, intent = pay_with(sandbox, method, currency)
    charge = sandbox.get(f"/v1/charges/{intent['latest_charge']}")
    kind = charge["payment_method_details"]["type"]
    mandate = sandbox.get(f"/v1/mandates/{charge['payment_method_details'][kind]['mandate']}")
    settle(sandbox, intent)
    sandbox.control(f"mandates/{mandate['id']}/move", status="revoked" if kind == "bacs_debit" else "inactive")
    assert sandbox.get(f"/v1/mandates/{mandate['id']}")["status"] == "inactive"
    assert sandbox.event_types()[-1] == "mandate.updated"
    wrong = sandbox.http.post(
        f"{sandbox.url}/_sandbox/mandates/{mandate['id']}/move",
        json={"status": "revoked" if kind == "sepa_debit" else "inactive"},
        timeout=60,
    )
    assert wrong.status_code == (400 if kind == "sepa_debit" else 200)


def test_fails_a_debit_with_the_reason_that_is_asked_for(sandbox: Calls) -> None:
    _, intent = pay_with(sandbox, "sepa_success", "eur")
    settle(sandbox, intent, result="failed", failure_code="account_closed")
    assert sandbox.get(f"/v1/charges/{intent['latest_charge']}")["failure_code"] == "account_closed"


@pytest.mark.parametrize(
    "body",
    [
        "type=bacs_debit&bacs_debit[account_number]=1",
        "type=boleto&boleto[tax_id]=12",
        "type=konbini&billing_details[phone]=00000000000",
        "type=card&card[token]=tok_visa&wallet=purse",
    ],
)
def test_refuses_what_no_such_method_has(sandbox: Calls, body: str) -> None:
    assert sandbox.call("POST", "/v1/payment_methods", body).status == 400


# Redirects and wallets


@pytest.mark.parametrize("method", ["klarna", "eps"])
@pytest.mark.parametrize("answer", ["approve", "refuse"])
def test_comes_back_from_a_page_elsewhere(sandbox: Calls, method: str, answer: str) -> None:
    session_id, intent = pay_with(sandbox, method, "eur")
    url = intent["next_action"]["redirect_to_url"]["url"]
    assert sandbox.session(session_id)["status"] == "open"
    assert sandbox.http.get(url, timeout=60).status_code == 200
    back = sandbox.http.post(url, data={"answer": answer}, allow_redirects=False, timeout=60)
    assert back.headers["Location"].endswith(f"session_id={session_id}")
    assert sandbox.http.post(url, data={"answer": answer}, allow_redirects=False, timeout=60).status_code == 404
    session = sandbox.session(session_id)
    if answer == "approve":
        assert (session["status"], session["payment_status"]) == ("complete", "paid")
        return
    assert session["status"] == "open"
    assert sandbox.event_types()[-1] == "payment_intent.payment_failed"
    assert sandbox.page(session_id).json["last_payment_error"]["message"]
    assert sandbox.pay(session_id).json["payment_status"] == "paid"


@pytest.mark.parametrize("wallet", ["apple_pay", "google_pay"])
def test_pays_by_a_card_from_a_test_wallet(sandbox: Calls, wallet: str) -> None:
    sandbox.pay(open_session(sandbox, "usd"), payment_method=wallet)
    charge = sandbox.get("/v1/charges", "limit=1")["data"][0]
    assert charge["payment_method_details"]["card"]["wallet"]["type"] == wallet


def test_sends_all_of_it_in_stripes_shape(sandbox: Calls) -> None:
    checker = Checker()
    for method, currency in {**VOUCHERS, "klarna": "eur", "eps": "eur", "bacs_success": "gbp"}.items():
        _, intent = pay_with(sandbox, method, currency)
        if method in {"klarna", "eps"}:
            url = intent["next_action"]["redirect_to_url"]["url"]
            sandbox.http.post(url, data={"answer": "approve"}, allow_redirects=False, timeout=60)
        else:
            settle(sandbox, intent)
    _, intent = pay_with(sandbox, "customer_balance", "gbp")
    fund(sandbox, intent["customer"], 900, "gbp")
    fund(sandbox, intent["customer"], 1900, "gbp")
    sandbox.pay(open_session(sandbox, "usd"), payment_method="apple_pay")
    for charge in sandbox.get("/v1/charges", "limit=100")["data"]:
        if charge["payment_method_details"]["type"] not in {"boleto", "oxxo"}:
            checker.check(sandbox.call("POST", "/v1/refunds", f"charge={charge['id']}").json)
    checker.check(sandbox.get(f"/v1/customers/{intent['customer']}/cash_balance"))
    checker.check(sandbox.get(f"/v1/customers/{intent['customer']}/cash_balance_transactions"))
    checker.check(sandbox.get(f"/v1/customers/{intent['customer']}", "expand[]=cash_balance"))
    expand = "limit=100&expand[]=data.latest_charge.balance_transaction&expand[]=data.payment_method"
    checker.check(sandbox.get("/v1/payment_intents", expand))
    for event in sandbox.look("events")["data"]:
        checker.check(event)
    assert not checker.problems, "\n".join(sorted(set(checker.problems)))
    assert {"mandate", "cash_balance", "customer_cash_balance_transaction"} <= set(checker.seen)
