"""The private API behind the Elements SDK: init, one group of changes after the other, confirm."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Answer, Calls

ADDRESS = {"country": "DE", "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117"}


class Sdk:
    """Speaks for a page that holds the client secret."""

    def __init__(self, sandbox: Calls, **more: Any) -> None:
        self.sandbox = sandbox
        self.session = sandbox.make_session(ui_mode="elements", **more)

    def call(self, action: str = "", **params: Any) -> Answer:
        return self.sandbox.page(self.session.id, action, client_secret=self.session.client_secret, **params)

    def change(self, **params: Any) -> Any:
        answer = self.call(**params)
        assert answer.status == 200, answer.json
        return answer.json["elements_session"]

    def refused(self, **params: Any) -> tuple[str | None, str]:
        answer = self.call(**params)
        assert answer.status == 400, answer.json
        return answer.json["error"].get("code"), answer.json["error"]["message"]


def test_opens_a_session_to_its_client_secret_only(sandbox: Calls) -> None:
    sdk = Sdk(sandbox, quantity=2)
    shown = sdk.call("/init", eid="NA").json
    assert shown["elements_session"]["totals"] == {
        "discount": 0,
        "shipping": 0,
        "subtotal": 3800,
        "tax_exclusive": 0,
        "tax_inclusive": 0,
        "total": 3800,
    }
    assert shown["elements_session"]["line_items"][0]["unit_amount"] == 1900
    for wrong in ("", f"{sdk.session.id}_secret_wrong"):
        for action, more in (("", {}), ("/init", {}), ("/confirm", {"expected_amount": 3800})):
            answer = sandbox.page(sdk.session.id, action, client_secret=wrong, **more)
            assert (answer.status, answer.json["error"]["param"]) == (400, "client_secret")


def test_keeps_what_a_page_collects_and_pays_with_it(sandbox: Calls) -> None:
    sdk = Sdk(sandbox, tax_id_collection={"enabled": True})
    assert sdk.change(buyer_email="ada@example.com")["email"] == "ada@example.com"
    contact = {f"billing_address[address][{name}]": value for name, value in ADDRESS.items()}
    shown = sdk.change(**{"billing_address[name]": "Ada", **contact})
    assert shown["billing_address"]["address"]["line1"] == "Unter den Linden 1"
    tax_id = {"tax_id_collection[tax_id][type]": "eu_vat", "tax_id_collection[tax_id][value]": "DE123456789"}
    assert sdk.change(**tax_id)["tax_id"] == {"type": "eu_vat", "value": "DE123456789"}
    assert sdk.change(phone="+49 30 1234")["phone"] == "+49 30 1234"
    assert sdk.change(phone="")["phone"] is None
    paid = sdk.call("/confirm", expected_amount=1900, payment_method="pm_card_visa")
    assert (paid.status, paid.json["status"]) == (200, "complete")
    details = sandbox.session(sdk.session.id)["customer_details"]
    assert (details["email"], details["name"], details["address"]["country"]) == ("ada@example.com", "Ada", "DE")
    assert details["tax_ids"] == [{"type": "eu_vat", "value": "DE123456789"}]


def test_shows_the_names_and_the_number_that_a_page_has_told(sandbox: Calls) -> None:
    sdk = Sdk(sandbox, customer_creation="always")
    told = {"business_name": "Engines Ltd", "individual_name": "Ada Lovelace"}
    for name, value in {**told, "buyer_email": "ada@example.com", "phone": "+49 30 123456"}.items():
        sdk.change(**{name: value})
    sdk.call("/confirm", expected_amount=1900, payment_method="pm_card_visa")
    paid = sandbox.session(sdk.session.id)
    details = paid["customer_details"]
    assert told.items() <= details.items()
    assert told.items() <= paid["collected_information"].items()
    assert (details["name"], details["phone"]) == ("Ada Lovelace", "+4930123456")
    assert sandbox.get(f"/v1/customers/{paid['customer']}")["name"] == "Engines Ltd"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"buyer_email": "ada"}, "email_incomplete"),
        ({"buyer_email": "ada@example"}, "email_incomplete"),
        ({"buyer_email": "ada lovelace@example.com"}, "email_invalid"),
        ({"promotion_code": "NOPE"}, "promotion_code_invalid"),
        ({"tax_id_collection[tax_id][type]": "eu_vat", "tax_id_collection[tax_id][value]": "?"}, "tax_id_invalid"),
        ({"amount_total": 1}, "parameter_unknown"),
        ({"metadata[order]": "1"}, "parameter_unknown"),
    ],
)
def test_says_what_is_wrong_with_a_change(sandbox: Calls, params: dict[str, Any], code: str) -> None:
    sdk = Sdk(sandbox, allow_promotion_codes=True, tax_id_collection={"enabled": True})
    assert sdk.refused(**params)[0] == code


def test_leaves_the_shops_own_email_alone(sandbox: Calls) -> None:
    sdk = Sdk(sandbox, customer_email="ada@example.com")
    assert "customer_email" in sdk.refused(buyer_email="eve@example.com")[1]


@pytest.mark.parametrize(("choice", "presented"), [(None, "eur"), ("usd", None), ("eur", "eur")])
def test_lets_a_buyer_pay_in_their_own_currency(sandbox: Calls, choice: str | None, presented: str | None) -> None:
    sdk = Sdk(sandbox, adaptive_pricing={"enabled": True}, customer_email="ada+location_FR@example.com")
    assert sdk.call("/init", eid="NA").json["elements_session"]["currency_options"] is None
    allowed = {"adaptive_pricing[allowed]": "true"}
    shown = sdk.call("/init", **allowed).json["elements_session"]
    assert [(option["currency"], option["amount"]) for option in shown["currency_options"]] == [
        ("usd", 1900),
        ("eur", 1761),
    ]
    assert shown["currency"] == "eur"
    assert "cannot be paid" in sdk.refused(updated_currency="gbp")[1]
    if choice is not None:
        assert sdk.change(updated_currency=choice)["currency"] == choice
    sdk.call("/confirm", expected_amount=1900, payment_method="pm_card_visa")
    paid = sandbox.session(sdk.session.id)
    assert paid.get("presentment_details", {}).get("presentment_currency") == presented


def test_tells_that_a_session_is_spent(sandbox: Calls) -> None:
    sdk = Sdk(sandbox)
    sandbox.control(f"sessions/{sdk.session.id}/expire")
    assert sdk.refused(buyer_email="ada@example.com")[0] == "checkout_not_active_session"
    paid = Sdk(sandbox)
    sandbox.pay(paid.session.id)
    answer = paid.call("/init", eid="NA")
    assert (answer.status, answer.json["error"]["code"]) == (400, "checkout_succeeded_session")
    assert "no longer active" in answer.json["error"]["message"]


def items_of(sandbox: Calls, session_id: str) -> Any:
    return sandbox.get(f"/v1/checkout/sessions/{session_id}/line_items")["data"]


def change_lines(sandbox: Calls, session_id: str, *lines: dict[str, Any], **more: Any) -> Any:
    params: Any = {"line_items": list(lines), **more}
    return sandbox.v1.checkout.sessions.update(session_id, params)


def test_changes_the_lines_of_an_open_session(sandbox: Calls) -> None:
    first, second = sandbox.make_price(), sandbox.make_price(500)
    session = sandbox.make_session(first, ui_mode="elements")
    kept = items_of(sandbox, session.id)[0]["id"]
    more = {"id": kept, "quantity": 3, "metadata": {"a": "1"}}
    changed = change_lines(sandbox, session.id, {"price": second, "quantity": 2}, more, metadata={"cart": "7"})
    assert (changed.amount_total, changed.metadata["cart"]) == (6700, "7")
    items = items_of(sandbox, session.id)
    assert [(item["price"]["id"], item["quantity"]) for item in items] == [(second, 2), (first, 3)]
    assert (items[1]["id"], items[1]["metadata"]) == (kept, {"a": "1"})
    assert change_lines(sandbox, session.id, {"id": items[0]["id"]}).amount_total == 1000
    assert len(items_of(sandbox, session.id)) == 1


def test_refuses_impossible_new_lines(sandbox: Calls) -> None:
    session = sandbox.make_session(ui_mode="elements")
    euro = sandbox.make_price(currency="eur")
    kept = items_of(sandbox, session.id)[0]["id"]
    embedded = sandbox.make_session()
    for session_id, lines, text in (
        (session.id, [{"id": "li_nothing"}], "No such item"),
        (session.id, [{"id": kept}, {"id": kept}], "twice"),
        (session.id, [{"id": kept, "price": euro}], "only specify one"),
        (session.id, [{"id": kept, "quantity": 0}], "greater than or equal to 1"),
        (session.id, [{"price": euro, "quantity": 1}], "currency"),
        (session.id, [{"price": euro}], "line_items[0][quantity]"),
        (embedded.id, [{"price": sandbox.make_price(), "quantity": 1}], "elements"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            change_lines(sandbox, session_id, *lines)
        assert text in str(caught.value)
    sandbox.pay(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="no longer open"):
        change_lines(sandbox, session.id, {"id": kept})
