"""What Stripe refuses in a parameter's value, and what the sandbox says of parts it does not have."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls

METADATA = {f"key{number}": "x" for number in range(50)}


@pytest.mark.parametrize(
    ("path", "form", "param"),
    [
        ("/v1/prices", "product_data[name]=a&unit_amount=100&currency=usdd", "currency"),
        ("/v1/coupons", "amount_off=100&currency=xxx", "currency"),
        (
            "/v1/checkout/sessions",
            (
                "mode=payment&success_url=http://x.example&line_items[0][quantity]=1&line_items[0][price_data][currency]=eu"
                "&line_items[0][price_data][product_data][name]=a&line_items[0][price_data][unit_amount]=100"
            ),
            "line_items[0][price_data][currency]",
        ),
    ],
)
def test_refuses_a_currency_nobody_pays_in(sandbox: Calls, path: str, form: str, param: str) -> None:
    answer = sandbox.call("POST", path, form)
    assert (answer.status, answer.json["error"]["param"]) == (400, param)
    assert "usd" in answer.json["error"]["message"]


def test_takes_a_currency_in_capitals(sandbox: Calls) -> None:
    assert (
        sandbox.v1.prices.create({"product_data": {"name": "a"}, "currency": "EUR", "unit_amount": 100}).currency
        == "eur"
    )


@pytest.mark.parametrize("picture", ["cover.png", "/cover.png", "ftp://x.example/cover.png", "http://[x"])
def test_refuses_a_picture_without_an_address(sandbox: Calls, picture: str) -> None:
    for path, form, param in (
        ("/v1/products", "name=a&images[0]=http://x.example/a.png&images[1]=", "images[1]"),
        (
            "/v1/checkout/sessions",
            (
                "mode=payment&success_url=http://x.example&line_items[0][quantity]=1&line_items[0][price_data][currency]=eur"
                "&line_items[0][price_data][unit_amount]=100&line_items[0][price_data][product_data][name]=a"
                "&line_items[0][price_data][product_data][images][0]="
            ),
            "line_items[0][price_data][product_data][images][0]",
        ),
    ):
        error = sandbox.call("POST", path, form + picture).json["error"]
        assert (error["message"], error["code"], error["param"]) == ("Not a valid URL", "url_invalid", param)


@pytest.mark.parametrize("email", ["nobody", "a@b", "a b@example.com", "@example.com", "a@b@example.com"])
@pytest.mark.parametrize(
    ("path", "form", "param"),
    [
        ("/v1/customers", "email=", "email"),
        (
            "/v1/payment_methods",
            "type=card&card[token]=tok_visa&billing_details[email]=",
            "billing_details[email]",
        ),
        ("/v1/payment_intents", "amount=100&currency=usd&receipt_email=", "receipt_email"),
        (
            "/v1/checkout/sessions",
            "mode=payment&success_url=http://x.example&line_items[0][quantity]=1&line_items[0][price]=p&customer_email=",
            "customer_email",
        ),
    ],
)
def test_refuses_an_address_nobody_has(sandbox: Calls, path: str, form: str, param: str, email: str) -> None:
    answer = sandbox.call("POST", path, form + email)
    error = answer.json["error"]
    assert (answer.status, error["code"], error["param"]) == (400, "email_invalid", param)


def test_looks_for_any_address_in_lists_and_lets_metadata_be(sandbox: Calls) -> None:
    sandbox.v1.customers.create({"email": "ada@example.com", "metadata": {"email": "none", "currency": "gold"}})
    assert sandbox.get("/v1/customers", "email=nobody")["data"] == []


@pytest.mark.parametrize("path", ["/v1/products", "/v1/events", "/v1/checkout/sessions/{session}/line_items"])
def test_refuses_both_cursors_at_once(sandbox: Calls, path: str) -> None:
    session = sandbox.make_session()
    answer = sandbox.call("GET", path.format(session=session.id), "starting_after=a_1&ending_before=a_2")
    assert (answer.status, answer.json["error"]["code"]) == (400, "parameters_exclusive")


def test_keeps_fifty_metadata_keys_in_all(sandbox: Calls) -> None:
    customer = sandbox.v1.customers.create({"metadata": METADATA})
    with pytest.raises(stripe.InvalidRequestError, match="50 keys") as caught:
        sandbox.v1.customers.update(customer.id, {"metadata": {"another": "x"}})
    assert caught.value.param == "metadata"
    assert len(sandbox.get(f"/v1/customers/{customer.id}")["metadata"]) == 50
    sandbox.v1.customers.update(customer.id, {"metadata": {"key0": "", "another": "x"}})
    assert len(sandbox.get(f"/v1/customers/{customer.id}")["metadata"]) == 50


def test_names_all_it_does_not_support_in_one_error(sandbox: Calls) -> None:
    line = "line_items[0][price]=p&line_items[0][quantity]=1"
    answer = sandbox.call(
        "POST",
        "/v1/checkout/sessions",
        f"mode=payment&success_url=http://x.example&{line}&line_items[0][tax_rates][0]=txr_1"
        "&permissions[update_shipping_details]=server_only&name_collection[business][enabled]=true"
        "&payment_intent_data[on_behalf_of]=acct_1",
    )
    error = answer.json["error"]
    assert answer.status == 400
    for name in (
        "line_items[0][tax_rates]",
        "permissions",
        "name_collection",
        "payment_intent_data[on_behalf_of]",
    ):
        assert name in error["message"]


@pytest.mark.parametrize("kind", ["products", "prices", "customers", "charges", "payment_intents"])
def test_says_that_search_is_not_here(sandbox: Calls, kind: str) -> None:
    answer = sandbox.call("GET", f"/v1/{kind}/search", "query=active:'true'")
    error = answer.json["error"]
    assert (answer.status, error["code"], error["type"]) == (400, "not_in_the_sandbox", "invalid_request_error")
    assert "search" in error["message"]


def test_says_that_version_two_is_not_here(sandbox: Calls) -> None:
    for call in (
        lambda: sandbox.stripe.v2.core.events.retrieve("evt_1"),
        sandbox.stripe.v2.core.event_destinations.list,
        lambda: sandbox.stripe.v2.core.accounts.create({"contact_email": "ada@example.com"}),
    ):
        with pytest.raises(stripe.StripeError, match="local sandbox") as caught:
            call()
        assert caught.value.http_status == 400
    answer = sandbox.http.get(f"{sandbox.url}/v2/core/events", timeout=60)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")


def test_shows_discounts_and_taxes_of_each_line(sandbox: Calls) -> None:
    coupon = sandbox.v1.coupons.create({"percent_off": 50, "duration": "once"})
    paths = ["line_items.data.discounts", "line_items.data.taxes"]
    plain: Any = sandbox.make_session(expand=paths)
    assert [(line.discounts, line.taxes) for line in plain.line_items.data] == [([], [])]
    reduced = sandbox.make_session(discounts=[{"coupon": coupon.id}], quantity=2)
    seen: Any = sandbox.v1.checkout.sessions.retrieve(reduced.id, {"expand": paths})
    (line,) = seen.line_items.data
    assert [entry.amount for entry in line.discounts] == [1900]
    assert line.discounts[0].discount.source.coupon == coupon.id
    listed: Any = sandbox.v1.checkout.sessions.line_items.list(reduced.id, {"expand": ["data.discounts"]})
    assert listed.data[0].discounts[0].amount == 1900
    link = sandbox.v1.payment_links.create({"line_items": [{"price": sandbox.make_price(), "quantity": 1}]})
    of_link: Any = sandbox.v1.payment_links.retrieve(link.id, {"expand": paths})
    assert of_link.line_items.data[0].discounts == []


class TestPaymentMethodsOfACustomer:
    def test_attaches_cards_once_lists_them_and_detaches_them_for_good(self, sandbox: Calls) -> None:
        ada, bob = (sandbox.v1.customers.create({"name": name}).id for name in ("Ada", "Bob"))
        method = sandbox.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id
        for _ in range(2):
            assert sandbox.v1.payment_methods.attach(method, {"customer": ada}).customer == ada
        with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
            sandbox.v1.payment_methods.attach(method, {"customer": bob})
        assert [entry.id for entry in sandbox.v1.payment_methods.list({"customer": ada}).data] == [method]
        assert sandbox.v1.payment_methods.detach(method).customer is None
        assert sandbox.v1.payment_methods.list({"customer": ada}).data == []
        with pytest.raises(stripe.InvalidRequestError, match="cannot be used again"):
            sandbox.v1.payment_methods.attach(method, {"customer": ada})
        with pytest.raises(stripe.InvalidRequestError, match="not attached"):
            sandbox.v1.payment_methods.detach(method)
        types = [name for name in sandbox.event_types() if name.startswith("payment_method.")]
        assert types == ["payment_method.attached", "payment_method.detached"]

    @pytest.mark.parametrize("form", ["", "customer=cus_nope"])
    def test_needs_a_customer_that_is_there(self, sandbox: Calls, form: str) -> None:
        answer = sandbox.call("POST", "/v1/payment_methods/pm_card_visa/attach", form)
        assert (answer.status, answer.json["error"]["param"]) == (400, "customer")
