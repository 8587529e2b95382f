"""The private API behind the Checkout page."""

from typing import Any

import pytest

from storefront.devtools.sandbox.storage.store import find_session_by_client_secret, publishable_key
from tests.devtools.sandbox.calls import Calls

PAYER = {"email": "ada@example.com", "name": "Ada", "country": "DE", "postal_code": "10115"}


def make_method(sandbox: Calls, number: str = "4242424242424242", **more: str) -> Any:
    card = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2034", "card[cvc]": "123", **more}
    data = {"key": sandbox.server.publishable_key, "type": "card", **card}
    return sandbox.http.post(f"{sandbox.url}/v1/payment_methods", data=data, timeout=60).json()


def test_shows_a_session_to_its_page(sandbox: Calls) -> None:
    price = sandbox.make_price()
    session = sandbox.make_session(price, quantity=2, allow_promotion_codes=True, customer_email="ada@example.com")
    for answer in (sandbox.page(session.id), sandbox.page(session.id, "/init", eid="NA")):
        page = answer.json
        assert page["id"].startswith("ppage_1")
        assert (page["object"], page["session_id"]) == ("checkout.session", session.id)
        assert (page["customer_email"], page["allow_promotion_codes"]) == ("ada@example.com", True)
        line = page["line_item_group"]["line_items"][0]
        assert (line["quantity"], line["unit_amount"], line["total"]) == (2, 1900, 3800)
        assert page["total_summary"] == {"subtotal": 3800, "total": 3800, "due": 3800}
        assert page["payment_intent"] is None


def test_pays_step_by_step(sandbox: Calls) -> None:
    session = sandbox.make_session()
    method = make_method(sandbox)
    paid = sandbox.page(session.id, "/confirm", payment_method=method["id"], expected_amount=1900, **PAYER)
    assert (paid.status, paid.json["status"]) == (200, "complete")
    assert set(paid.json["payment_intent"]) == {"id", "object", "status", "client_secret", "next_action"}
    assert sandbox.session(session.id)["customer_details"]["name"] == "Ada"
    event = sandbox.look("events?type=checkout.session.completed")["data"][0]
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_keeps_a_tax_id(sandbox: Calls) -> None:
    session = sandbox.make_session(tax_id_collection={"enabled": True})
    tax_id = {"tax_id[type]": "eu_vat", "tax_id[value]": "DE123456789"}
    method = make_method(sandbox)["id"]
    sandbox.page(session.id, "/confirm", payment_method=method, expected_amount=1900, **PAYER, **tax_id)
    tax_ids = sandbox.session(session.id)["customer_details"]["tax_ids"]
    assert tax_ids == [{"type": "eu_vat", "value": "DE123456789"}]


def test_refuses_another_amount(sandbox: Calls) -> None:
    method = make_method(sandbox)["id"]
    answer = sandbox.page(sandbox.make_session().id, "/confirm", payment_method=method, expected_amount=1, **PAYER)
    assert (answer.status, answer.json["error"]["code"]) == (400, "checkout_amount_mismatch")


def test_asks_for_an_email(sandbox: Calls) -> None:
    method = make_method(sandbox)["id"]
    answer = sandbox.page(sandbox.make_session().id, "/confirm", payment_method=method, expected_amount=1900)
    assert (answer.status, answer.json["error"]["param"]) == (400, "email")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"card[exp_month]": "13"}, "invalid_expiry_month"),
        ({"card[exp_year]": "2020"}, "invalid_expiry_year"),
        ({"card[cvc]": "12"}, "invalid_cvc"),
    ],
)
def test_refuses_impossible_cards(sandbox: Calls, more: dict[str, str], code: str) -> None:
    assert make_method(sandbox, **more)["error"]["code"] == code


def test_applies_and_removes_a_code(sandbox: Calls) -> None:
    code_id = sandbox.make_promotion_code("LAUNCH20", percent_off=20, name="Launch week")
    session = sandbox.make_session(allow_promotion_codes=True)
    applied = sandbox.page(session.id, promotion_code="launch20").json["line_item_group"]
    assert applied["discount_amounts"] == [
        {"amount": 380, "code": "LAUNCH20", "label": "Launch week", "promotion_code": code_id}
    ]
    assert (applied["total"], applied["due"]) == (1520, 1520)
    removed = sandbox.page(session.id, promotion_code="").json["line_item_group"]
    assert (removed["discount_amounts"], removed["total"]) == ([], 1900)
    sandbox.page(session.id, promotion_code="LAUNCH20")
    assert sandbox.get(f"/v1/promotion_codes/{code_id}")["times_redeemed"] == 0
    sandbox.pay(session.id)
    assert sandbox.get(f"/v1/promotion_codes/{code_id}")["times_redeemed"] == 1
    assert sandbox.session(session.id)["amount_total"] == 1520


def test_makes_an_order_free(sandbox: Calls) -> None:
    sandbox.make_promotion_code("GIFT", percent_off=100)
    session = sandbox.make_session(allow_promotion_codes=True)
    sandbox.pay(session.id, payment_method="pm_card_visa_chargeDeclined")
    assert sandbox.page(session.id, promotion_code="GIFT").json["line_item_group"]["due"] == 0
    paid = sandbox.page(session.id, "/confirm", expected_amount=0, **PAYER)
    assert (paid.json["payment_status"], paid.json["payment_intent"]) == ("no_payment_required", None)
    assert sandbox.session(session.id)["payment_intent"] is None


def test_says_why_a_code_does_not_work(sandbox: Calls) -> None:
    sandbox.make_promotion_code("EURO", amount_off=100, currency="eur")
    sandbox.make_promotion_code("TINY", amount_off=1890, currency="usd")
    old = sandbox.v1.promotion_codes.retrieve(sandbox.make_promotion_code("OLD", percent_off=5))
    sandbox.v1.promotion_codes.update(old.id, {"active": False})
    session = sandbox.make_session(allow_promotion_codes=True)
    for code, expected in (
        ("NOPE", "promotion_code_invalid"),
        ("OLD", "promotion_code_invalid"),
        ("EURO", "promotion_code_currency_mismatch"),
        ("TINY", "promotion_code_amount_insufficient"),
    ):
        answer = sandbox.page(session.id, promotion_code=code)
        assert (answer.status, answer.json["error"]["code"]) == (400, expected)
        assert answer.json["error"]["param"] == "promotion_code"
    assert sandbox.page(sandbox.make_session().id, promotion_code="OLD").status == 400


def test_stops_at_the_redemption_limit(sandbox: Calls) -> None:
    sandbox.make_promotion_code("ONCE", percent_off=10, max_redemptions=1)
    sandbox.pay(sandbox.make_session(allow_promotion_codes=True).id, promotion_code="ONCE")
    second = sandbox.page(sandbox.make_session(allow_promotion_codes=True).id, promotion_code="ONCE")
    assert second.json["error"]["code"] == "promotion_code_expired"


def test_changes_quantities(sandbox: Calls) -> None:
    adjustable = {"enabled": True, "minimum": 1, "maximum": 5}
    lines = [{"price": sandbox.make_price(), "quantity": 1, "adjustable_quantity": adjustable}]
    session = sandbox.make_session(line_items=lines)
    line_id = sandbox.page(session.id).json["line_item_group"]["line_items"][0]["id"]

    def change(quantity: int) -> Any:
        wanted = {"line_items[0][id]": line_id, "line_items[0][quantity]": quantity}
        return sandbox.page(session.id, **wanted)

    assert change(3).json["line_item_group"]["total"] == 5700
    assert change(6).status == 400
    assert change(0).status == 400
    sandbox.pay(session.id, quantities={line_id: 2})
    seen = sandbox.get(f"/v1/checkout/sessions/{session.id}", "expand[]=line_items")
    assert (seen["amount_total"], seen["line_items"]["data"][0]["quantity"]) == (3800, 2)


def test_says_where_to_go(sandbox: Calls) -> None:
    session = sandbox.make_session()
    open_ = sandbox.page(session.id, "/poll").json
    assert (open_["state"], open_["redirect_ready"]) == ("active", False)
    sandbox.pay(session.id)
    done = sandbox.page(session.id, "/poll").json
    assert (done["state"], done["redirect_ready"], done["payment_object_status"]) == (
        "succeeded",
        True,
        "succeeded",
    )
    assert done["redirect_url"] == f"http://127.0.0.1:8000/checkout/return?session_id={session.id}"
    stays = sandbox.make_session(redirect_on_completion="if_required")
    sandbox.pay(stays.id)
    assert sandbox.page(stays.id, "/poll").json["redirect_url"] is None
    gone = sandbox.make_session()
    sandbox.control(f"sessions/{gone.id}/expire")
    assert sandbox.page(gone.id, "/poll").json["state"] == "expired"


def test_finds_a_session_by_its_whole_secret_only(sandbox: Calls) -> None:
    session = sandbox.make_session()
    assert session.client_secret is not None
    with sandbox.server.app.app_context():
        shown = find_session_by_client_secret(session.client_secret)
        assert shown is not None
        assert shown["id"] == session.id
        assert find_session_by_client_secret(f"{session.id}_secret_guess") is None
        assert find_session_by_client_secret(sandbox.make_hosted_session().id) is None
        assert publishable_key() == sandbox.server.publishable_key
