"""The receipt a charge links to."""

from typing import Any

from tests.devtools.sandbox.calls import Calls


def open_receipt(sandbox: Calls, url: str, status: int = 200) -> str:
    answer = sandbox.http.get(url, timeout=60)
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "SANDBOX" in answer.text
    return answer.text


def last_charge(sandbox: Calls) -> Any:
    return sandbox.get("/v1/charges", "limit=1")["data"][0]


def test_shows_what_was_paid(sandbox: Calls) -> None:
    product = sandbox.v1.products.create({"name": "<i>Maps</i> & more"})
    price = sandbox.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 950})
    sandbox.pay(sandbox.make_session(price.id, quantity=2).id, email="ada@example.com")
    charge = last_charge(sandbox)
    text = open_receipt(sandbox, charge["receipt_url"])
    for words in ("&lt;i&gt;Maps&lt;/i&gt; &amp; more", "× 2", "19.00 USD", "ada@example.com", "ending in 4242"):  # noqa: RUF001
        assert words in text
    assert "<i>" not in text
    assert "Refunded" not in text
    sandbox.v1.refunds.create({"charge": charge["id"], "amount": 400})
    assert "4.00 USD" in open_receipt(sandbox, charge["receipt_url"])


def test_shows_payments_without_a_session_and_from_a_bank(sandbox: Calls) -> None:
    text = "amount=500&currency=jpy&payment_method=pm_card_visa&confirm=true&description=Lantern"
    assert sandbox.call("POST", "/v1/payment_intents", text).status == 200
    shown = open_receipt(sandbox, last_charge(sandbox)["receipt_url"])
    assert "Lantern" in shown
    assert "500 JPY" in shown
    session = sandbox.make_session(sandbox.make_price(currency="eur"))
    intent = sandbox.pay(session.id, payment_method="sepa_success").json["payment_intent"]
    open_receipt(sandbox, f"{sandbox.url}/receipts/payment/{last_charge(sandbox)['id']}", 404)
    sandbox.control(f"payment_intents/{intent['id']}/settle")
    assert "SEPA debit ending in" in open_receipt(sandbox, last_charge(sandbox)["receipt_url"])


def test_knows_paid_charges_only(sandbox: Calls) -> None:
    failed = sandbox.pay(sandbox.make_session().id, payment_method="pm_card_visa_chargeDeclined")
    for charge_id in (failed.json["error"]["charge"], "ch_none"):
        open_receipt(sandbox, f"{sandbox.url}/receipts/payment/{charge_id}", 404)
