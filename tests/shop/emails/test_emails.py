"""Emails in the owner's words: written, previewed, tested, sent, given back; in one language and no other."""

import html

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail.models import MailKind
from storefront.orders.models import Order
from storefront.orders.sent_answers import Reader
from storefront.owner.answers.values import values_for
from storefront.owner.emails.preview import preview_email
from storefront.shop.editor.stale import digest_of
from storefront.shop.emails.edit import change_words, reset_words
from storefront.shop.emails.editable import EDITABLE
from storefront.shop.emails.starters import starter_of
from storefront.shop.emails.words import clean_words
from storefront.shop.profile.change import change_profile
from tests.owner.admin.editor_forms import said, shown
from tests.shop.editor.acts import at_once
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import COMPLETED, Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, run_worker_once

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
RECEIPT = "/admin/emails/receipt/en"
WORDS = {
    "subject": "{shop} thanks you: {number}",
    "heading": "Enjoy {products}",
    "body": "Dear *reader*,\n\n[your order]({order_url}) of {date} cost {total}. Ask {support}.",
}


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def write(app: Flask, kind: str, language: Language, **words: str) -> None:
    with app.app_context():
        change_words(kind, language, words)
        db.session.remove()


def send_receipt(sale: Sale) -> None:
    sale.deliver(COMPLETED, times=1)
    sale.work()


def test_says_the_owners_words_with_keys_links_and_receipt_below(
    app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    write(app, "receipt", Language.ENGLISH, **WORDS)
    sale = sell(app, sandbox)
    send_receipt(sale)
    (mail,) = mailbox.messages()
    assert str(mail["subject"]).endswith(f"thanks you: {number_of(sale)}")
    text, page = str(mail["text"]), html.unescape(str(mail["html"]))
    for body in (text, page):
        assert "Enjoy " in body
        assert sale.keys[0] in body
        assert "cost $" in body
        assert "Sold by" in body
        assert "keep it private" in body
        assert "Your payment has arrived" not in body
        assert "{" not in body.split("Sold by")[0].split("Enjoy")[1]
    assert "your order (http" in text
    assert "Dear <em>reader</em>" in page


def test_has_the_day_of_the_order_that_the_shop_has(
    app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    write(app, "receipt", Language.ENGLISH, **WORDS)
    sale = sell(app, sandbox)
    change_rows(app, "UPDATE orders SET placed_at = '2025-12-31 23:30:00.000000'")
    with app.app_context():
        change_profile({"time_zone": "Europe/Berlin"})
    send_receipt(sale)
    assert " of January 1, 2026 cost " in str(mailbox.messages()[0]["text"])
    with app.app_context():
        order = db.session.scalars(select(Order)).one()
        assert values_for(order, Reader.BUYER, ADA)["date"] == "January 1, 2026"
        db.session.remove()


def test_says_the_shops_words_where_the_owners_would_not_be_true(
    app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    write(app, "receipt", Language.GERMAN, heading="Nur auf Deutsch")
    write(app, "proof", Language.ENGLISH, heading="Only for {shop}", body="Type it.")
    sale = sell(app, sandbox)
    send_receipt(sale)
    assert "Thank you! Your order is complete." in str(mailbox.messages()[0]["text"])
    mailbox.clear()
    Buyer(app).post("/sign-in", email=ADA)
    run_worker_once(app)
    (mail,) = mailbox.messages()
    assert "Type it." in str(mail["text"])
    assert "10 minutes" in str(mail["text"])


def test_writes_previews_and_gives_back(app: Flask, owner: Buyer) -> None:
    assert "own words</span>" in owner.get(RECEIPT).text
    assert "None: the shop" in owner.get("/admin/emails").text
    page = owner.get(RECEIPT).text
    before = shown(page)
    assert "{order_url}" in page
    assert "Who reads English, Deutsch, Français or Español gets" in page
    shown_words = owner.post(f"{RECEIPT}/preview", **{**WORDS, "body": "<script>alert(1)</script> {nmae} **so**"})
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {nmae} <strong>so</strong>" in shown_words.text
    assert "form-action 'none'" in shown_words.headers["Content-Security-Policy"]
    assert "Saved." in said(owner, owner.post(RECEIPT, **WORDS, **before))
    assert "Enjoy A product of yours" in owner.get(f"{RECEIPT}/preview").text
    late = owner.post(RECEIPT, **{**WORDS, "subject": "Mine"}, **before)
    assert late.status_code == 409
    assert "Somebody else saved this meanwhile" in late.text
    refused = owner.post(RECEIPT, subject="{nmae}", **shown(owner.get(RECEIPT).text))
    assert refused.status_code == 400
    assert "{nmae} is no variable of this email. These are: {number}" in refused.text
    assert "Nothing was changed." in said(owner, owner.post(RECEIPT, **WORDS, **shown(owner.get(RECEIPT).text)))
    assert "again" in said(owner, owner.post(f"{RECEIPT}/reset"))
    assert "already" in said(owner, owner.post(f"{RECEIPT}/reset"))
    assert read_rows(app, "SELECT kind FROM email_texts") == []
    verbs = [
        row["verb"]
        for row in read_rows(app, "SELECT verb FROM audit_entries ORDER BY id")
        if "email" in row["verb"]
    ]
    assert verbs == ["email_text.changed", "email_text.reset"]


@pytest.mark.parametrize(
    "address", ["/admin/emails/receipt/xx", "/admin/emails/receipt/de-AT", "/admin/emails/invitation/en"]
)
def test_knows_no_other_email_and_no_other_language(owner: Buyer, address: str) -> None:
    for path in (address, f"{address}/preview"):
        assert owner.get(path).status_code == 404
    for path in (address, f"{address}/reset", f"{address}/test"):
        assert owner.post(path, subject="x").status_code == 404


def test_sends_a_test_to_who_asked_in_the_words_that_are_saved(
    app: Flask, owner: Buyer, mailbox: MailboxServer
) -> None:
    write(app, "refunded", Language.FRENCH, subject="{amount} vous reviennent", body="**{amount}**, c'est fait.")
    assert "A test is on its way" in said(owner, owner.post("/admin/emails/refunded/fr/test"))
    run_worker_once(app)
    (mail,) = [mail for mail in mailbox.messages() if str(mail["subject"]).startswith("Test: 19,00")]
    assert "c'est fait." in str(mail["text"])


@pytest.mark.parametrize("kind", EDITABLE)
def test_shows_each_email_in_each_language_with_every_variable(app: Flask, kind: MailKind) -> None:
    variables = EDITABLE[kind].variables
    body = "\n\n".join(f"{each.name} = ({{{each.name}}})" for each in variables)
    with app.app_context():
        for language in Language:
            starter = starter_of(kind, language).as_fields()
            assert clean_words(starter, variables) == starter
            own = preview_email(kind, language, starter | {"body": body}, email="ada@example.com")
            assert preview_email(kind, language, email="ada@example.com").subject
            for each in variables:
                assert f"{each.name} = (" in own.text
                assert f"{{{each.name}}}" not in own.text + own.html + own.subject
        db.session.remove()


@both
def test_is_written_once_by_several_at_the_same_moment(app: Flask) -> None:
    words = {"subject": "One"}
    with app.app_context():
        starter = starter_of("gift", Language.ENGLISH).as_fields()
    digests = {name: digest_of(value) for name, value in starter.items()}
    refusals = at_once(
        app,
        lambda: change_words("gift", Language.ENGLISH, words, shown=digests),
        lambda: change_words("gift", Language.ENGLISH, {"subject": "Two"}, shown=digests),
    )
    assert refusals == ["", "stale_save"]
    assert len(read_rows(app, "SELECT id FROM email_texts")) == 1
    at_once(app, *[lambda: reset_words("gift", Language.ENGLISH)] * 2)
    verbs = [
        row["verb"]
        for row in read_rows(app, "SELECT verb FROM audit_entries WHERE verb LIKE 'email%' ORDER BY id")
    ]
    assert verbs == ["email_text.changed", "email_text.reset"]
