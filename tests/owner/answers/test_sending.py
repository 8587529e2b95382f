"""Answers from an order: filled in, changed, sent once, kept as sent, and refused where nobody can read them."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.erase import erase_customer
from storefront.buyers.account.export import export_customer
from storefront.core.db import db
from storefront.core.languages import Language
from storefront.devtools.mailbox.server import MailboxServer
from storefront.orders.sent_answers import Reader
from storefront.owner.answers.send_prepared import send_prepared
from storefront.owner.people.models import Role
from storefront.shop.answers.edit import change_answer, make_answer
from tests.support.databases import BOTH
from tests.support.gifts import give, hand_over, in_days, received_link
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
SENT: dict[str, Any] = {
    "answer": "download",
    "form": "one",
    "subject": "Your files",
    "body": "Here: [x]({order_url})",
}


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    sold = sell(app, sandbox, email=ADA)
    change_rows(
        app, "UPDATE outbox SET state = 'sent'", "UPDATE orders SET name = 'A*da* [x](http://evil.example)'"
    )
    return sold


@pytest.fixture
def helper(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app, "helper@example.com", Role.SUPPORT))


def home(sale: Sale) -> str:
    return f"/admin/orders/{number_of(sale)}/answer"


def mails_to(mailbox: MailboxServer, email: str) -> list[dict[str, Any]]:
    """Without the notices of signing in that helpers get."""
    return [mail for mail in mailbox.messages() if mail["to"] == [email]]


def plain(page: str) -> str:
    return html.unescape(page)


def test_is_filled_in_changed_and_sent_once_to_the_buyer(
    sale: Sale, helper: Buyer, app: Flask, mailbox: MailboxServer
) -> None:
    assert "Write to the buyer" in plain(helper.get(home(sale)).text)
    form = plain(helper.get(f"{home(sale)}?answer=download").text)
    assert f"Your downloads, order {number_of(sale)}" in form
    assert r"Hello A\*da\* \[x\](http://evil.example)," in form
    assert sale.link not in form
    sent = SENT | {"body": "Dear *Ada*,\n\n[your order]({order_url}), {receipt_url}, {number}"}
    shown = helper.post(f"{home(sale)}/preview", **sent)
    assert "Dear <em>Ada</em>" in shown.text
    assert sale.link not in shown.text
    assert "form-action 'none'" in shown.headers["Content-Security-Policy"]
    for words in (f"on its way to {ADA}", "sent already"):
        assert words in helper.get(helper.post(home(sale), **sent).location).text
    sale.work()
    (mail,) = mails_to(mailbox, ADA)
    assert mail["subject"] == "Your files"
    for body in (str(mail["text"]), plain(str(mail["html"]))):
        assert f"{sale.link}/receipt, {number_of(sale)}" in body
    page = plain(helper.get(home(sale).removesuffix("/answer")).text)
    assert "Dear *Ada*,\n\n[your order]({order_url})" in page
    assert "“Your files” by helper@example.com" in page
    assert "answered: Can't find the download (buyer)" in page
    assert sale.link not in page
    (entry,) = read_rows(app, "SELECT subject FROM audit_entries WHERE verb = 'order.answered'")
    assert entry["subject"] == number_of(sale)
    with app.app_context():
        told = export_customer(int(read_rows(app, "SELECT customer_id FROM orders")[0]["customer_id"]))
        db.session.remove()
    assert [each["subject"] for each in told["mails"] if each["what"] == "answer"] == ["Your files"]


@both
def test_is_one_email_of_a_form_that_is_sent_twice_at_once(sale: Sale, app: Flask) -> None:
    helpers = [sign_in_at_admin(app, make_person(app, f"{name}@example.com", Role.SUPPORT)) for name in ("a", "b")]
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda one: one.post(home(sale), **SENT).status_code, helpers))
    assert statuses == [303, 303]
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'answer'")) == 1
    assert len(read_rows(app, "SELECT id FROM order_changes WHERE what = 'answered'")) == 1


@both
def test_is_one_email_of_the_same_words_after_back(sale: Sale, helper: Buyer, app: Flask) -> None:
    """The browser asks for the page again, whose form has another name, and keeps what was typed."""
    form = re.compile(r'name="form" value="([^"]+)"')
    told: list[str] = []
    for _time in range(3):
        drawn = form.search(helper.get(f"{home(sale)}?answer=download").text)
        assert drawn
        assert drawn[1] not in told
        told.append(drawn[1])
        answer = helper.post(home(sale), **SENT | {"form": drawn[1]})
        page = plain(helper.get(answer.location).text)
        known = "This was sent already. To send it once more within the hour, change a word of it."
        assert (known in page) == (len(told) > 1)
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'answer'")) == 1
    assert len(read_rows(app, "SELECT id FROM order_changes WHERE what = 'answered'")) == 1


def test_says_which_words_were_not_sent_where_a_form_is_sent_again_with_others(
    sale: Sale, helper: Buyer, app: Flask
) -> None:
    """After Back, where the browser shows the page that it kept: what is changed there is another email."""
    helper.post(home(sale), **SENT)
    other = SENT | {"body": "Wait: take [this]({order_url})"}
    for _time in range(2):
        refused = helper.post(home(sale), **other)
        assert refused.status_code == 409
        assert "This form was sent before, and what is below was not" in refused.text
        assert "Wait: take" in refused.text
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'answer'")) == 1
    again = dict(re.findall(r'name="(answer|form|language|to)" value="([^"]*)"', refused.text))
    for words in (f"on its way to {ADA}", "sent already"):
        assert words in helper.get(helper.post(home(sale), **other | again).location).text
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'answer'")) == 2
    assert len(read_rows(app, "SELECT id FROM order_changes WHERE what = 'answered'")) == 2


MEANWHILE = {
    "other words": ("", {"body": "Once more: {order_url}"}),
    "another address": ("UPDATE orders SET email = 'right@example.com'", {}),
    "it came back": ("UPDATE outbox SET state = 'failed', last_error = 'bounced' WHERE kind = 'answer'", {}),
    "hours later": ("UPDATE sent_answers SET at = '2026-01-01 00:00:00'", {}),
}


@pytest.mark.parametrize(("change", "words"), MEANWHILE.values(), ids=MEANWHILE)
def test_is_sent_again_where_that_is_meant(
    sale: Sale, helper: Buyer, app: Flask, change: str, words: dict[str, str]
) -> None:
    helper.post(home(sale), **SENT)
    if change:
        change_rows(app, change)
    helper.post(home(sale), **SENT | words | {"form": "two"})
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'answer'")) == 2


def test_leaves_by_command_once_a_day_to_each_address(sale: Sale, app: Flask) -> None:
    def send() -> str:
        with app.app_context():
            sent = send_prepared(number_of(sale), "download", say="", language=None, reader=Reader.BUYER)
            db.session.remove()
        return sent.recipient

    assert [send(), send()] == [ADA, ""]
    change_rows(app, "UPDATE orders SET email = 'right@example.com'")
    assert [send(), send()] == ["right@example.com", ""]


REFUSED = [
    ({"body": "Because {reason}"}, "Write your own words in place of {reason}."),
    ({"body": "{hello}\n\n{text}"}, "Write your own words in place of {text}."),
    ({"body": " "}, "Write what the buyer is to read."),
    ({"subject": ""}, "The subject is empty"),
    ({"body": "{nmae}"}, "{nmae} is no variable of this email. These are: {order_url}, {receipt_url}."),
    ({"body": "[x]({number})"}, ""),
    ({"to": "receiver"}, "This order is no gift"),
]


def test_is_refused_with_what_was_typed_until_it_can_be_sent(sale: Sale, helper: Buyer, app: Flask) -> None:
    for fields, words in REFUSED:
        answer = helper.post(home(sale), **SENT | fields)
        if words:
            assert words in plain(answer.text)
            assert answer.status_code in (400, 404, 409)
    assert len(read_rows(app, "SELECT id FROM sent_answers")) == 1
    assert "Because {reason}" in helper.post(home(sale), **SENT | REFUSED[0][0]).text


def test_keeps_a_letter_whose_answer_is_deleted_meanwhile(
    sale: Sale, helper: Buyer, app: Flask, mailbox: MailboxServer
) -> None:
    letter = {"answer": "gone", "subject": "Your dongle", "body": "It was found behind the printer."}
    refused = helper.post(home(sale), **SENT | letter)
    assert refused.status_code == 409
    assert "This answer was deleted meanwhile." in refused.text
    assert letter["body"] in refused.text
    assert read_rows(app, "SELECT id FROM sent_answers") == []
    again = dict(re.findall(r'name="(answer|form|language|to)" value="([^"]*)"', refused.text))
    assert helper.post(home(sale), **SENT | letter | again).status_code == 303
    sale.work()
    assert letter["body"] in mails_to(mailbox, ADA)[-1]["text"]


def test_says_that_an_erased_buyer_cannot_be_written_to_and_forgets_what_was_written(
    sale: Sale, helper: Buyer, app: Flask, mailbox: MailboxServer
) -> None:
    helper.post(home(sale), **SENT)
    with app.app_context():
        erase_customer(int(read_rows(app, "SELECT customer_id FROM orders")[0]["customer_id"]))
        db.session.remove()
    assert read_rows(app, "SELECT id FROM sent_answers") == []
    for answer in (helper.post(home(sale), **SENT | {"form": "two"}), helper.get(f"{home(sale)}?answer=key")):
        assert answer.status_code == 409
        assert "data was erased, so there is nobody to write to" in plain(answer.text)
    sale.work()
    assert mails_to(mailbox, ADA) == []


def test_goes_to_who_received_a_gift_from_its_day_on_and_says_nothing_of_money(
    app: Flask, sandbox: SandboxClient, helper: Buyer, mailbox: MailboxServer
) -> None:
    sale = give(app, sandbox, gift_on=in_days(3))
    early = helper.post(home(sale), **SENT | {"to": "receiver"})
    assert "The gift was not sent yet" in plain(early.text)
    change_rows(app, "UPDATE gifts SET send_on = '2020-01-01'")
    hand_over(app)
    mailbox.clear()
    form = plain(helper.get(f"{home(sale)}?answer=invoice&to=receiver").text)
    assert "Who bought it" in form
    assert "Hello," in form
    refused = plain(helper.post(home(sale), **SENT | {"to": "receiver", "body": "{total} {receipt_url}"}).text)
    assert "is no variable of this email" in refused
    assert "on its way" in helper.get(helper.post(home(sale), **SENT | {"to": "receiver"}).location).text
    sale.work()
    (mail,) = mailbox.messages()
    assert received_link(sale) in str(mail["text"])
    assert sale.link not in str(mail["text"])
    with app.app_context():
        erase_customer(int(read_rows(app, "SELECT customer_id FROM orders")[0]["customer_id"]))
        db.session.remove()
    assert len(read_rows(app, "SELECT id FROM sent_answers")) == 1


def test_speaks_the_buyers_language_where_it_is_written(
    sale: Sale, helper: Buyer, app: Flask, mailbox: MailboxServer
) -> None:
    change_rows(app, "UPDATE orders SET language = 'de', name = 'Ada'")
    with app.app_context():
        change_answer("key", Language.GERMAN, {"body": "{hello}\n\nBitte kopieren."})
        make_answer("Custom fonts")
        change_answer("custom-fonts", Language.FRENCH, {"subject": "Polices", "body": "Oui."})
        db.session.remove()
    assert "Guten Tag Ada,\n\nBitte kopieren." in helper.get(f"{home(sale)}?answer=key").text
    assert "Hello Ada,\n\nPlease copy" in helper.get(f"{home(sale)}?answer=key&language=en").text
    form = helper.get(f"{home(sale)}?answer=custom-fonts").text
    assert 'name="language" value="fr"' in form
    helper.post(home(sale), **SENT | {"answer": "custom-fonts", "language": "fr"})
    sale.work()
    assert "Commande " in str(mails_to(mailbox, ADA)[0]["text"])
