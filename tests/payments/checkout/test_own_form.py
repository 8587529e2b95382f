"""The shop's own form around Stripe's fields: what its page carries, and what it keeps of the buyer's word."""

import re
from typing import Any

import pytest
import requests
from flask import Flask

from storefront.core.db import db
from storefront.shop.pages.consent import DEFAULT_TEXT, change_consent
from storefront.shop.pages.edit import create_page, publish_page
from storefront.stripe_api.own_words import link_words
from tests.support.goods import change_product
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.sign_in import make_customer, signed_in
from tests.support.statements import counted

ACCEPTED = "SELECT checkout_text, has_accepted FROM orders"


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"CHECKOUT_UI": "elements"}


def ask_consent(app: Flask, text: str = DEFAULT_TEXT) -> None:
    with app.app_context():
        publish_page(create_page("Terms", body_markdown="Be kind.", legal_kind="terms"))
        change_consent({"asks_consent": True, "consent_text": text})
        db.session.remove()


def open_form(buyer: Buyer) -> tuple[str, str, str]:
    """From the cart to the form; returns its address, its page and the Session's id."""
    buyer.add("twinspot", "Personal")
    address = buyer.post("/checkout", nonce=buyer.nonce()).location
    answer = buyer.get(address)
    assert answer.status_code == 200
    return address, answer.text, buyer.session_on(answer)


@pytest.mark.usefixtures("sandbox")
def test_lets_a_name_begin_at_its_own_side(app: Flask, buyer: Buyer) -> None:
    change_product(app, "twinspot", name="دليل المصمم الهادئ.")
    _address, page, _session_id = open_form(buyer)
    assert '<span dir="auto"><strong data-name>دليل المصمم الهادئ.</strong>' in page


@pytest.mark.parametrize("is_ticked", [True, False])
def test_keeps_its_own_words_and_the_tick_with_the_order(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, is_ticked: bool
) -> None:
    long_text = "I agree 🦊 that delivery begins at once. " * 27
    ask_consent(app, long_text)
    _address, page, session_id = open_form(buyer)
    assert '<a href="http://localhost/pages/terms" target="_blank" rel="noopener">terms</a>' in page
    assert 'type="checkbox"' in page
    accept = re.search(r'data-accept-url="([^"]+)"', page)
    assert accept
    for _ in range(2 if is_ticked else 0):
        assert buyer.post(accept[1]).status_code == 204
    sandbox.pay(session_id)
    buyer.land(session_id)
    (row,) = read_rows(app, ACCEPTED)
    assert row["checkout_text"] == f"I accept the [terms](http://localhost/pages/terms). {long_text.strip()}"
    assert bool(row["has_accepted"]) is is_ticked


def test_takes_the_tick_of_its_own_browser_while_the_checkout_is_open(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    ask_consent(app)
    address, _page, session_id = open_form(buyer)
    assert Buyer(app).post(f"{address}/accept").status_code == 404
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", times=4, status=503)
    assert buyer.post(f"{address}/accept").status_code == 503
    session: Any = sandbox.stripe.v1.checkout.sessions.retrieve(session_id)
    assert session.metadata["checkout_box"] == "asked"


def test_shows_the_words_without_a_box_where_nobody_is_asked(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    assert 'type="checkbox"' not in open_form(buyer)[1]
    with app.app_context():
        publish_page(create_page("Terms", body_markdown="Be kind.", legal_kind="terms"))
        db.session.remove()
    other = Buyer(app)
    _address, page, session_id = open_form(other)
    assert "By paying you accept our <a" in page
    assert "checkbox" not in page
    sandbox.pay(session_id)
    other.land(session_id)
    (row,) = read_rows(app, ACCEPTED)
    assert row["checkout_text"] == "By paying you accept our [terms](http://localhost/pages/terms)."
    assert not row["has_accepted"]


def test_makes_links_of_words_and_nothing_else() -> None:
    html = link_words('[a "b"](https://shop.example/x?a=1&b=2) <script> [c](javascript:d) [e](http://f.example)')
    assert html == (
        '<a href="https://shop.example/x?a=1&amp;b=2" target="_blank" rel="noopener">a &#34;b&#34;</a> '
        '&lt;script&gt; [c](javascript:d) <a href="http://f.example" target="_blank" rel="noopener">e</a>'
    )


def test_fills_in_the_address_of_who_is_signed_in(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    address, page, _session_id = open_form(buyer)
    assert 'name="email" type="email" value=""' in page
    sandbox.forget_calls()
    with counted(app) as statements:
        buyer.get(address)
    assert len(sandbox.calls()) == 1, "whether it is still open"
    assert len(statements) <= 6, "\n".join(statements)
    assert not re.search(r"<(script|style)(?![^>]* src=)[^>]*>", page), "nothing stands in the page"
    make_customer(app)
    assert 'name="email" type="email" value="ada@example.com"' in open_form(signed_in(app))[1]


class TestWithTax:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"STRIPE_TAX": "true", "CHECKOUT_UI": "elements"}

    def test_asks_for_an_address_and_a_tax_id(self, buyer: Buyer, sandbox: SandboxClient) -> None:
        page = open_form(buyer)[1]
        assert 'id="billing-address"' in page
        assert 'id="tax-id"' in page
        session: Any = sandbox.stripe.v1.checkout.sessions.list({"limit": 1}).data[0]
        assert session.automatic_tax.enabled


def test_keeps_the_business_that_is_named_beside_a_tax_id_before_the_person(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    _address, page, session_id = open_form(buyer)
    secret = re.search(r"cs_test_\w+_secret_\w+", page)
    assert secret
    for told in ({"business_name": "Engines Ltd"}, {"individual_name": "Ada Lovelace"}):
        form = {"key": sandbox.publishable_key, "client_secret": secret[0], **told}
        requests.post(f"{sandbox.url}/v1/payment_pages/{session_id}", data=form, timeout=60).raise_for_status()
    sandbox.pay(session_id, name="Ada Lovelace")
    buyer.land(session_id)
    assert [row["name"] for row in read_rows(app, "SELECT name FROM orders")] == ["Engines Ltd, Ada Lovelace"]
