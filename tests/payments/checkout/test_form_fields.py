"""What an owner asks inside Checkout: checked, asked by Stripe's form, kept on the order, and gone when erased."""

from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.erase import erase_customer
from storefront.buyers.account.export import export_customer
from storefront.core.db import db
from storefront.orders.lookup import get_order
from storefront.owner.history.order import read_history
from storefront.owner.history.orders_csv import csv_of_orders
from storefront.shop.profile.change import ProfileRefused, change_profile
from storefront.shop.profile.form_fields import FieldKind, FormField, read_fields
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

FIELDS = "Company | text | optional\nSize | choice | S / M / L\nAge | number\nPhone | phone"
TYPED: dict[str, Any] = {
    "custom_fields": {"field1": "Ada's Fonts", "field2": "option2", "field3": "36"},
    "phone_number": "+49 30 123456",
}
ANSWERS = [["Company", "Ada's Fonts"], ["Size", "M"], ["Age", "36"]]


def ask(app: Flask, text: str = FIELDS) -> None:
    with app.test_request_context():
        change_profile({"form_fields": text})
        db.session.remove()


def test_keeps_the_answers_for_owner_and_buyer_until_they_are_erased(app: Flask, sandbox: SandboxClient) -> None:
    ask(app)
    sale = sell(app, sandbox, **TYPED)
    with app.app_context():
        order = get_order(sale.session_id)
        history = read_history(order)
        assert (history.phone, [list(pair) for pair in history.answers]) == ("+4930123456", ANSWERS)
        assert "Size: M" in list(csv_of_orders())[1]
        exported = export_customer(order.customer_id)["orders"][0]
        assert exported["phone"] == "+4930123456"
        assert exported["answers"][1] == {"question": "Size", "answer": "M"}
        erase_customer(order.customer_id)
        db.session.remove()
    rows = read_rows(app, "SELECT phone, answers FROM orders")
    assert (rows[0]["phone"], str(rows[0]["answers"])) == (None, "[]")


def test_asks_nothing_where_the_owner_asks_nothing(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    (row,) = read_rows(app, "SELECT phone, answers FROM orders")
    assert (row["phone"], str(row["answers"])) == (None, "[]")


def test_reads_a_line_for_each_field() -> None:
    assert read_fields(FIELDS) == (
        FormField(label="Company", kind=FieldKind.TEXT, is_optional=True),
        FormField(label="Size", kind=FieldKind.CHOICE, choices=("S", "M", "L")),
        FormField(label="Age", kind=FieldKind.NUMBER),
        FormField(label="Phone", kind=FieldKind.PHONE),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A\nB\nC\nD", "Stripe takes 3 fields"),
        ("A | color", "none of text, number, choice, phone"),
        ("Size | choice", "like Size | choice"),
        ("A | text | x / y", "only a choice"),
        ("A\na", "the same label"),
        (" | text", "begin with a label"),
        ("Phone | phone | optional", "no optional phone"),
    ],
)
def test_refuses_what_stripe_cannot_ask(app: Flask, text: str, words: str) -> None:
    with pytest.raises(ProfileRefused) as refused:
        ask(app, text)
    assert words in refused.value.problems["form_fields"]
