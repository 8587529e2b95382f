"""What a voucher or a transfer asks for stands in the buyer's language, and whole: kiosks want two numbers."""

import json
from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.languages import Language, say, speaking
from storefront.mail.letter import Mail
from storefront.mail.models import MailKind, OutboxMessage
from storefront.messages.compose import compose
from storefront.orders.waits_for import LABELS
from storefront.stripe_api.seen_waiting import read_waiting
from tests.support.prices import price_in
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient


def kept(sale: Sale) -> dict[str, Any]:
    (row,) = read_rows(sale.app, "SELECT waits_for FROM orders")
    value: dict[str, Any] = json.loads(row["waits_for"])
    return value


def german(app: Flask, sandbox: SandboxClient, method: str, currency: str) -> Sale:
    price_in(app, currency, 1900)
    sale = sell(app, sandbox, payment_method=method)
    sale.deliver("checkout.session.completed")
    change_rows(app, "UPDATE orders SET language = 'de'")
    return sale


def mail_of(app: Flask) -> Mail:
    with app.app_context():
        mail = compose(db.session.query(OutboxMessage).filter_by(kind=MailKind.WAITING_FOR_BANK).one())
        db.session.remove()
    assert isinstance(mail, Mail)
    return mail


def page_of(sale: Sale) -> str:
    return sale.buyer.get("/de" + sale.link.removeprefix(sale.buyer.base_url)).text


def test_shows_both_numbers_of_each_store(app: Flask, sandbox: SandboxClient) -> None:
    sale = german(app, sandbox, "konbini", "jpy")
    waits_for = kept(sale)
    (store, code), *others = waits_for["details"]
    assert [store, *(name for name, _code in others)] == ["FamilyMart", "Lawson", "Ministop", "Seicomart"]
    told = f"{code}, Bestätigungsnummer {waits_for['confirmations']['FamilyMart']}"
    mail = mail_of(app)
    assert f"FamilyMart: {told}" in mail.text
    assert told in mail.html
    assert told in page_of(sale)


def test_shows_what_an_order_of_before_has_kept_of_a_store(app: Flask, sandbox: SandboxClient) -> None:
    sale = german(app, sandbox, "konbini", "jpy")
    before = {name: value for name, value in kept(sale).items() if name != "confirmations"}
    change_rows(app, "UPDATE orders SET waits_for = :before", before=json.dumps(before))
    code = before["details"][0][1]
    assert f"FamilyMart: {code}\n" in mail_of(app).text


def test_names_a_voucher_in_the_language_of_its_buyer(app: Flask, sandbox: SandboxClient) -> None:
    sale = german(app, sandbox, "boleto", "brl")
    waits_for = kept(sale)
    number = waits_for["details"][0][1]
    assert waits_for["details"] == [["Number", number]], "English is kept, for every language"
    assert "confirmations" not in waits_for, "so that an order of before is not taken for one that changed"
    assert f"Nummer: {number}" in mail_of(app).text
    assert f"<dt>Nummer</dt><dd>{number}</dd>" in page_of(sale)


@pytest.mark.parametrize(
    ("store", "details", "confirmations"),
    [
        ({"payment_code": "12", "confirmation_number": "34"}, (("FamilyMart", "12"),), (("FamilyMart", "34"),)),
        ({"payment_code": "12"}, (("FamilyMart", "12"),), ()),
        ({"payment_code": "12", "confirmation_number": None}, (("FamilyMart", "12"),), ()),
        (None, (), ()),
    ],
)
def test_reads_what_a_store_has(store: Any, details: Any, confirmations: Any) -> None:
    shown = {"expires_at": 1, "hosted_voucher_url": None, "stores": {"familymart": store}}
    action = {"type": "konbini_display_details", "konbini_display_details": shown}
    waiting = read_waiting({"status": "requires_action", "next_action": action})
    assert waiting is not None
    assert (waiting.details, waiting.confirmations) == (details, confirmations)


def test_says_each_word_of_a_bank_account_in_each_language(app: Flask) -> None:

    with app.app_context():
        for label in LABELS.values():
            said = set()
            for language in Language:
                with speaking(language):
                    said.add(say(label))
            assert len(said) > 1, label
