"""Which parameters of a Checkout Session go together."""

from typing import Any

import pytest
import requests
import stripe

from tests.devtools.sandbox.calls import RETURN_URL, Calls

NEVER = object()


def create(sandbox: Calls, **params: Any) -> stripe.checkout.Session:
    lines = params.pop("line_items", None) or [{"price": sandbox.make_price(), "quantity": 1}]
    given = {"mode": "payment", "line_items": lines, **params}
    wanted: Any = {key: value for key, value in given.items() if value is not NEVER}
    return sandbox.v1.checkout.sessions.create(wanted)


def test_makes_a_hosted_session(sandbox: Calls) -> None:
    session = create(sandbox, success_url=RETURN_URL, cancel_url="http://127.0.0.1:8000/cart")
    assert session.ui_mode == "hosted_page"
    assert session.url == f"{sandbox.url}/c/pay/{session.id}"
    assert (session.client_secret, session.success_url) == (None, RETURN_URL)


def test_makes_an_embedded_session(sandbox: Calls) -> None:
    session = create(sandbox, ui_mode="embedded_page", return_url=RETURN_URL)
    assert session.client_secret is not None
    assert session.client_secret.startswith(f"{session.id}_secret_")
    assert (session.url, session.redirect_on_completion, session.return_url) == (None, "always", RETURN_URL)
    assert "klarna" in session.payment_method_types
    never = create(sandbox, ui_mode="embedded_page", redirect_on_completion="never")
    assert "klarna" not in never.payment_method_types
    assert "return_url" not in never


@pytest.mark.parametrize(
    ("params", "param", "text"),
    [
        ({}, "success_url", "Missing required param: success_url."),
        ({"mode": NEVER, "success_url": RETURN_URL}, "mode", "Missing required param: mode."),
        ({"line_items": [{"quantity": 1}], "success_url": RETURN_URL}, "line_items[0][price]", "Missing required"),
        ({"ui_mode": "embedded_page"}, "return_url", "Missing required param: return_url."),
        ({"ui_mode": "embedded", "return_url": RETURN_URL}, "ui_mode", "Invalid ui_mode: must be one of "),
        ({"mode": "subscription", "success_url": RETURN_URL}, "line_items", "at least one recurring price in"),
        ({"mode": "subscription", "line_items": NEVER}, "mode", "payment mode only"),
        (
            {"mode": "subscription", "payment_intent_data": {"metadata": {"a": "b"}}},
            "payment_intent_data",
            "in `subscription` mode.",
        ),
        ({"mode": "setup", "success_url": RETURN_URL}, "line_items", "You can not pass `line_items` in `setup`"),
        ({"mode": "setup", "line_items": NEVER}, "mode", "payment mode only"),
        ({"success_url": "/thanks"}, "success_url", "Not a valid URL"),
        ({"success_url": RETURN_URL, "expires_at": 1}, "expires_at", "at least 30 minutes"),
        ({"success_url": RETURN_URL, "client_reference_id": "x" * 201}, "client_reference_id", "200 characters"),
        ({"success_url": RETURN_URL, "customer": "cus_nope"}, "customer", "No such customer: 'cus_nope'"),
        (
            {"success_url": RETURN_URL, "discounts": [{"coupon": "NO"}]},
            "discounts[0][coupon]",
            "No such coupon: 'NO'",
        ),
    ],
)
def test_refuses_wrong_parameters(sandbox: Calls, params: dict[str, Any], param: str, text: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(sandbox, **params)
    assert caught.value.param == param
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"ui_mode": "embedded_page", "return_url": RETURN_URL, "success_url": RETURN_URL}, "success_url"),
        (
            {"ui_mode": "embedded_page", "success_url": RETURN_URL, "cancel_url": RETURN_URL},
            "cancel_url, success_url",
        ),
        ({"ui_mode": "embedded_page", "redirect_on_completion": "never", "return_url": RETURN_URL}, "return_url"),
        ({"success_url": RETURN_URL, "return_url": RETURN_URL}, "return_url"),
        ({"success_url": RETURN_URL, "redirect_on_completion": "always"}, "redirect_on_completion"),
        ({"ui_mode": "elements", "submit_type": "pay", "success_url": RETURN_URL}, "submit_type, success_url"),
    ],
)
def test_refuses_what_the_ui_mode_does_not_know(sandbox: Calls, params: dict[str, Any], names: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"not supported with `ui_mode: ") as caught:
        create(sandbox, **params)
    assert str(caught.value).endswith(f"`: {names}.")


@pytest.mark.parametrize(
    "params",
    [
        {"customer": "cus_1", "customer_email": "a@example.com"},
        {"customer": "cus_1", "customer_creation": "always"},
        {"allow_promotion_codes": True, "discounts": [{"coupon": "X"}]},
        {"allowed_payment_method_types": ["card"], "excluded_payment_method_types": ["card"]},
    ],
)
def test_refuses_pairs(sandbox: Calls, params: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="You may only specify one of these parameters"):
        create(sandbox, success_url=RETURN_URL, **params)


def test_refuses_prices_that_do_not_fit(sandbox: Calls) -> None:
    price = sandbox.make_price()
    sandbox.v1.prices.update(price, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="The price specified is inactive"):
        sandbox.make_session(price)
    of_archived = sandbox.make_price()
    sandbox.v1.products.update(str(sandbox.v1.prices.retrieve(of_archived).product), {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="because its product is not active") as refused:
        sandbox.make_session(of_archived)
    assert (refused.value.param, refused.value.code) == ("line_items[0][price]", None)
    with pytest.raises(stripe.InvalidRequestError, match="passed a recurring price"):
        sandbox.make_session(sandbox.make_price(recurring={"interval": "month"}))
    lines = [{"price": sandbox.make_price(currency=currency), "quantity": 1} for currency in ("usd", "eur")]
    with pytest.raises(stripe.InvalidRequestError, match="expected currency: `usd`"):
        sandbox.make_session(line_items=lines)


def test_takes_prices_inline(sandbox: Calls) -> None:
    data = {
        "currency": "eur",
        "unit_amount": 700,
        "product_data": {"name": "Notes", "images": ["http://x.test/a.png"]},
    }
    session = sandbox.make_session(line_items=[{"price_data": data, "quantity": 2}], expand=["line_items"])
    assert (session.currency, session.amount_total) == ("eur", 1400)
    assert session.line_items is not None
    line = session.line_items.data[0]
    assert line.price is not None
    assert (line.description, line.price.active) == ("Notes", False)
    assert sandbox.page(session.id).json["line_item_group"]["line_items"][0]["images"] == ["http://x.test/a.png"]


def test_finds_sessions_again(sandbox: Calls) -> None:
    session, other = sandbox.make_session(), sandbox.make_session()
    intent = sandbox.pay(session.id, email="ada@example.com").json["payment_intent"]["id"]
    listed = sandbox.v1.checkout.sessions
    assert [entry.id for entry in listed.list({"payment_intent": intent}).data] == [session.id]
    assert [entry.id for entry in listed.list({"status": "open"}).data] == [other.id]
    assert [entry.id for entry in listed.list({"customer_details": {"email": "ada@example.com"}}).data] == [
        session.id
    ]


def test_changes_metadata(sandbox: Calls) -> None:
    session = sandbox.make_session(metadata={"a": "1"})
    updated = sandbox.v1.checkout.sessions.update(session.id, {"metadata": {"b": "2"}})
    assert updated.metadata is not None
    assert updated.metadata.to_dict() == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("locale", "accepts", "language", "words"),
    [
        ("de", "fr", "de", "Kartennummer"),
        ("auto", "fr-CH,fr", "fr", "Numéro de carte"),
        ("auto", "it", "en", "Card number"),
        ("ja", "de", "en", "Card number"),
    ],
)
def test_speaks_the_language_of_its_session(
    sandbox: Calls, locale: str, accepts: str, language: str, words: str
) -> None:
    session = create(sandbox, success_url=RETURN_URL, locale=locale)
    page = requests.get(session.url or "", headers={"Accept-Language": accepts}, timeout=60).content.decode()
    assert f'<html lang="{language}"' in page
    assert f">{words}</label>" in page
