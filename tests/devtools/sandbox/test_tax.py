"""Automatic tax: the table's rates on lines and sessions, tax ids, reverse charge and what Stripe refuses."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.receiver import Receiver

TAXED: dict[str, Any] = {"automatic_tax": {"enabled": True}, "tax_id_collection": {"enabled": True}}
BOOK = "txcd_10302000"


def make_taxed(
    sandbox: Calls, amount: int = 1000, currency: str = "eur", behavior: str = "exclusive", **more: Any
) -> stripe.checkout.Session:
    price = sandbox.make_price(amount, currency, tax_behavior=behavior)
    return sandbox.make_session(price, **TAXED, **more)


def totals(session: Any) -> tuple[int, int, int]:
    return session["amount_subtotal"], session["total_details"]["amount_tax"], session["amount_total"]


def with_taxes(sandbox: Calls, session_id: str) -> Any:
    paths = ("total_details.breakdown", "line_items.data.taxes")
    return sandbox.get(f"/v1/checkout/sessions/{session_id}", "&".join(f"expand[]={path}" for path in paths))


@pytest.mark.parametrize(
    ("price", "address", "expected"),
    [
        ((1000, "eur", "exclusive"), {"country": "DE"}, (190, 1190, "standard_rated")),
        ((1000, "eur", "inclusive"), {"country": "DE"}, (160, 1000, "standard_rated")),
        ((1000, "eur", "unspecified"), {"country": "FI"}, (203, 1000, "standard_rated")),  # EUR: tax is in it
        ((1000, "usd", "unspecified"), {"country": "US", "postal_code": "98101"}, (65, 1065, "standard_rated")),
        ((999, "usd", "exclusive"), {"country": "US", "postal_code": "07030"}, (66, 1065, "standard_rated")),
        ((1000, "usd", "exclusive"), {"country": "US", "postal_code": "94107"}, (0, 1000, "product_exempt")),
        ((1000, "usd", "exclusive"), {"country": "US", "postal_code": "97201"}, (0, 1000, "not_collecting")),
        ((1000, "usd", "exclusive"), {"country": "BR"}, (0, 1000, "not_collecting")),
        ((999, "jpy", "exclusive"), {"country": "CH"}, (81, 1080, "standard_rated")),
        ((1990, "kwd", "exclusive"), {"country": "GB"}, (400, 2390, "standard_rated")),  # a multiple of 10
    ],
)
def test_computes_what_the_table_says(
    sandbox: Calls, price: tuple[int, str, str], address: dict[str, str], expected: tuple[int, int, str]
) -> None:
    (amount, currency, behavior), (tax, total, reason) = price, expected
    session = make_taxed(sandbox, amount, currency, behavior)
    assert session.automatic_tax.status == "requires_location_inputs"
    assert session.amount_total == amount
    shown = sandbox.page(session.id, **{f"tax_region[{name}]": value for name, value in address.items()}).json
    assert (shown["line_item_group"]["tax"], shown["line_item_group"]["total"]) == (tax, total)
    assert sandbox.pay(session.id, **address).status == 200
    paid = with_taxes(sandbox, session.id)
    assert totals(paid) == (amount, tax, total)
    assert paid["automatic_tax"]["status"] == "complete"
    (whole,), (line,) = paid["total_details"]["breakdown"]["taxes"], paid["line_items"]["data"]
    assert line["taxes"] == [whole]
    assert (whole["amount"], whole["taxability_reason"]) == (tax, reason)
    assert (line["amount_tax"], line["amount_total"]) == (tax, total)
    assert whole["rate"]["inclusive"] is (behavior == "inclusive" or (total == amount and tax > 0))
    if tax:
        assert sandbox.get(f"/v1/tax_rates/{whole['rate']['id']}") == whole["rate"]


def test_takes_discounts_off_before_tax_and_rounds_each_line(sandbox: Calls) -> None:
    book = sandbox.v1.products.create({"name": "A book", "tax_code": BOOK})
    book_price = sandbox.v1.prices.create(
        {"product": book.id, "currency": "eur", "unit_amount": 1005, "tax_behavior": "exclusive"}
    )
    software = sandbox.make_price(995, "eur", tax_behavior="exclusive")
    coupon = sandbox.v1.coupons.create({"percent_off": 50})
    session = sandbox.make_session(
        line_items=[{"price": book_price.id, "quantity": 1}, {"price": software, "quantity": 1}],
        discounts=[{"coupon": coupon.id}],
        **TAXED,
    )
    assert sandbox.pay(session.id, country="FR").status == 200
    paid = with_taxes(sandbox, session.id)
    lines = paid["line_items"]["data"]
    assert [line["amount_tax"] for line in lines] == [28, 100]  # 5.5 % of 502, 20 % of 498
    assert [line["taxes"][0]["taxability_reason"] for line in lines] == ["reduced_rated", "standard_rated"]
    assert totals(paid) == (2000, 128, 1128)
    assert len(paid["total_details"]["breakdown"]["taxes"]) == 2


def test_reverses_the_charge_for_a_business_of_another_eu_country(sandbox: Calls) -> None:
    session = make_taxed(sandbox)
    sandbox.page(session.id, **{"tax_region[country]": "FR"})
    number = {"tax_id_collection[tax_id][type]": "eu_vat", "tax_id_collection[tax_id][value]": "FR 12 345678901"}
    shown = sandbox.page(session.id, **number).json
    assert shown["line_item_group"]["total"] == 1000
    at_home = make_taxed(sandbox)
    tax_id = {"type": "eu_vat", "value": "DE123456789"}
    assert sandbox.pay(at_home.id, country="DE", tax_id=tax_id).status == 200
    assert sandbox.session(at_home.id)["amount_total"] == 1190
    assert sandbox.pay(session.id, country="FR").status == 200
    paid = with_taxes(sandbox, session.id)
    assert paid["total_details"]["breakdown"]["taxes"][0]["taxability_reason"] == "reverse_charge"
    assert paid["customer_details"]["tax_ids"] == [{"type": "eu_vat", "value": "FR12345678901"}]
    assert paid["customer_details"]["address"]["country"] == "FR"


def test_refuses_a_wrong_tax_id_for_the_field_it_was_typed_in(sandbox: Calls) -> None:
    session = make_taxed(sandbox)
    for value in ("DE12345678", "XX123456789", "nonsense"):
        wrong = {"tax_id_collection[tax_id][type]": "eu_vat", "tax_id_collection[tax_id][value]": value}
        answer = sandbox.page(session.id, **wrong)
        error = answer.json["error"]
        assert answer.status == 400
        assert (error["code"], error["param"]) == ("tax_id_invalid", "tax_id[value]")
        assert error["message"] == "Invalid value for eu_vat."
    paid = sandbox.pay(session.id, country="DE", tax_id={"type": "gb_vat", "value": "1"})
    assert paid.json["error"]["code"] == "tax_id_invalid"
    assert sandbox.session(session.id)["status"] == "open"


@pytest.mark.parametrize(("digits", "status"), [("000000000", "verified"), ("111111111", "unverified")])
def test_verifies_a_tax_id_later(sandbox: Calls, receiver: Receiver, digits: str, status: str) -> None:
    session = make_taxed(sandbox, customer_creation="always")
    tax_id = {"type": "eu_vat", "value": f"DE{digits}"}
    assert sandbox.pay(session.id, country="DE", tax_id=tax_id).status == 200
    customer = sandbox.session(session.id)["customer"]
    (kept,) = sandbox.get(f"/v1/customers/{customer}/tax_ids")["data"]
    assert kept["verification"]["status"] == "pending"
    sandbox.control(f"tax_ids/{kept['id']}/verify")
    assert sandbox.get(f"/v1/customers/{customer}/tax_ids/{kept['id']}")["verification"]["status"] == status
    updated = [event for event in sandbox.look("events")["data"] if event["type"] == "customer.tax_id.updated"]
    assert updated[0]["data"]["previous_attributes"]["verification"]["status"] == "pending"


def test_refuses_a_customer_whose_address_nobody_knows(sandbox: Calls) -> None:
    customer = sandbox.v1.customers.create({"email": "ada@example.com"})
    with pytest.raises(stripe.InvalidRequestError, match=r"requires a valid address on the Customer") as refused:
        make_taxed(sandbox, customer=customer.id, customer_update={"name": "auto"})
    assert refused.value.code == "customer_tax_location_invalid"
    with pytest.raises(stripe.InvalidRequestError, match="Tax ID collection requires updating business name"):
        make_taxed(sandbox, customer=customer.id, customer_update={"address": "auto"})
    update: Any = {"address": "auto", "name": "auto"}
    session = make_taxed(sandbox, customer=customer.id, customer_update=update)
    assert sandbox.pay(session.id, country="DE", name="Ada").status == 200
    assert sandbox.get(f"/v1/customers/{customer.id}")["address"]["country"] == "DE"
    known = make_taxed(sandbox, customer=customer.id, customer_update=update)
    assert (known.automatic_tax.status, known.amount_total) == ("complete", 1190)


def test_sells_without_tax_where_the_computation_fails_or_nobody_is_registered(sandbox: Calls) -> None:
    sandbox.control("config", tax_fails=True)
    session = make_taxed(sandbox)
    assert sandbox.pay(session.id, country="DE").status == 200
    assert sandbox.session(session.id)["automatic_tax"]["status"] == "failed"
    sandbox.control("config", tax_fails=False, tax_registrations=["DE", "US-WA"])
    session = make_taxed(sandbox)
    assert sandbox.pay(session.id, country="FR").status == 200
    taxes = with_taxes(sandbox, session.id)["total_details"]["breakdown"]["taxes"]
    assert [tax["taxability_reason"] for tax in taxes] == ["not_collecting"]
    assert [row["country"] for row in sandbox.get("/v1/tax/registrations")["data"]] == ["DE", "US"]


def test_refuses_automatic_tax_without_an_origin_or_a_behavior(sandbox: Calls) -> None:
    sandbox.control("config", tax_behavior=None)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a `tax_behavior` set"):
        make_taxed(sandbox, behavior="unspecified")
    sandbox.control("config", tax_origin=None)
    with pytest.raises(stripe.InvalidRequestError, match="valid head office address"):
        make_taxed(sandbox)
    assert sandbox.get("/v1/tax/settings")["status_details"]["pending"]["missing_fields"] == ["head_office"]


def test_fixes_the_tax_behavior_of_a_price_once_it_is_set(sandbox: Calls) -> None:
    price = sandbox.make_price()
    assert sandbox.v1.prices.update(price, {"tax_behavior": "inclusive"}).tax_behavior == "inclusive"
    with pytest.raises(stripe.InvalidRequestError, match="tax_behavior"):
        sandbox.v1.prices.update(price, {"tax_behavior": "exclusive"})


def test_asks_for_the_address_before_a_taxed_payment(sandbox: Calls) -> None:
    session = make_taxed(sandbox)
    answer = sandbox.pay(session.id, country="")
    assert (answer.status, answer.json["error"]["param"]) == (400, "country")


def test_puts_the_tax_on_the_invoice(sandbox: Calls) -> None:
    session = make_taxed(sandbox, invoice_creation={"enabled": True})
    assert sandbox.pay(session.id, country="DE").status == 200
    paid = sandbox.session(session.id)
    invoice = sandbox.get(f"/v1/invoices/{paid['invoice']}")
    assert (invoice["total"], invoice["total_excluding_tax"], invoice["status"]) == (1190, 1000, "paid")
    assert [tax["amount"] for tax in invoice["total_taxes"]] == [190]
    assert invoice["number"] in sandbox.http.get(invoice["hosted_invoice_url"], timeout=60).text
    told = [name for name in sandbox.event_types() if name.startswith(("checkout", "invoice", "charge.updated"))]
    assert told == [
        "checkout.session.completed",
        "invoice.created",
        "invoice.finalized",
        "invoice.sent",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "charge.updated",
    ]


def test_makes_the_invoice_of_a_debit_when_the_money_is_there(sandbox: Calls) -> None:
    session = make_taxed(sandbox, invoice_creation={"enabled": True})
    paid = sandbox.pay(session.id, country="DE", payment_method="sepa_success").json
    assert sandbox.session(session.id)["invoice"] is None
    sandbox.control(f"payment_intents/{paid['payment_intent']['id']}/settle")
    assert sandbox.session(session.id)["invoice"].startswith("in_")


def test_presents_the_amount_in_the_buyers_own_currency_and_refunds_exact_shares(sandbox: Calls) -> None:
    session = sandbox.make_session(sandbox.make_price(1900))
    assert sandbox.pay(session.id, email="ada+location_JP@example.com").status == 200
    paid = sandbox.get(f"/v1/checkout/sessions/{session.id}", "expand[]=payment_intent.latest_charge")
    whole = {"presentment_amount": 2936, "presentment_currency": "jpy"}  # 19.00 at 150, and 3 %
    assert paid["amount_total"] == 1900
    assert paid["presentment_details"] == paid["payment_intent"]["presentment_details"] == whole
    charge = paid["payment_intent"]["latest_charge"]
    assert charge["presentment_details"] == whole
    refunds = [sandbox.v1.refunds.create({"charge": charge["id"], "amount": amount}) for amount in (333, 1567)]
    shares = [refund.presentment_details.presentment_amount for refund in refunds if refund.presentment_details]
    assert (len(shares), sum(shares)) == (2, 2936)
    in_shops_currency = sandbox.make_session(adaptive_pricing={"enabled": False})
    assert sandbox.pay(in_shops_currency.id, email="ada+location_JP@example.com").status == 200
    assert "presentment_details" not in sandbox.session(in_shops_currency.id)
