"""`/admin/shop`: the owner names the shop, and every page and mail says so at once."""

import re

import pytest
from flask import Flask

from storefront.devtools.mailbox.server import MailboxServer
from tests.faults.database_trouble import used_up
from tests.mail.smtp_server import use_server
from tests.mail.strict import read_strictly, sender_of, text_of
from tests.owner.admin.editor_forms import said, shown_in
from tests.support.letters import words_of
from tests.support.people import OWNER, make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.shop import Buyer, run_worker_once

PAGE = "/admin/shop"
ROW = "SELECT name, tagline, about, announcement, support_email, mail_greeting FROM shop_profile"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def digests(owner: Buyer, part: str) -> dict[str, str]:
    return shown_in(owner.get(PAGE).text, part)


def test_names_the_shop_on_every_page_at_once(app: Flask, owner: Buyer) -> None:
    stranger = Buyer(app)
    assert "Test Shop</a>" in stranger.get("/").text
    words = {
        "name": 'Ada <b>&</b> "Co", متجر',
        "tagline": "Letters with sugar.",
        "about": "We are **two** people. <script>alert(1)</script>",
        "announcement": "Closed <i>in</i> August.",
    }
    assert "Saved." in said(owner, owner.post(f"{PAGE}/words", **words, **digests(owner, "words")))
    owner.post(f"{PAGE}/support", support_email="help@fonts.example")
    name = "Ada &lt;b&gt;&amp;&lt;/b&gt; &#34;Co&#34;, متجر"
    for path in ("/", "/products/twinspot", "/cart", "/sign-in", "/nothing"):
        page = stranger.get(path).text
        assert f'dir="auto">{name}</a>' in page, path
        assert f"{name}</title>" in page, path
        assert "Closed &lt;i&gt;in&lt;/i&gt; August." in page, path
        assert 'href="mailto:help@fonts.example"' in page, path
        assert "Test Shop" not in page, path
    first = stranger.get("/").text
    assert '<meta name="description" content="Letters with sugar.">' in first
    assert '<h1 dir="auto">Letters with sugar.</h1>' in first
    assert "We are <strong>two</strong> people." in first
    assert "<script>alert" not in first
    admin = owner.get(PAGE).text
    assert f"{name} <span" in admin
    assert "Closed &lt;i&gt;" not in owner.get("/admin").text
    with used_up(app):
        assert name in stranger.get("/").text


def test_keeps_what_was_typed_and_shows_what_somebody_else_saved(app: Flask, owner: Buyer) -> None:
    first = digests(owner, "words")
    refused = owner.post(f"{PAGE}/words", name="x" * 61, tagline="Kept.", **first)
    assert refused.status_code == 400
    assert "The name has 61 characters, and 60 fit." in refused.text
    assert 'value="Kept."' in refused.text
    wrong = owner.post(f"{PAGE}/support", support_email="nobody", **digests(owner, "support"))
    assert (wrong.status_code, 'value="nobody"' in wrong.text) == (400, True)
    assert "write one like help@example.com" in wrong.text
    said(owner, owner.post(f"{PAGE}/words", name="First", **first))
    late = owner.post(f"{PAGE}/words", name="Second", tagline="", **first)
    assert late.status_code == 409
    assert "<blockquote>First</blockquote>" in late.text
    assert 'value="Second"' in late.text
    again = owner.post(
        f"{PAGE}/words", name="Second", tagline="", **shown_in(late.text, "words"), **{"keep-name": "yours"}
    )
    assert "Saved." in said(owner, again)
    assert read_rows(app, ROW)[0] == dict.fromkeys(read_rows(app, ROW)[0], "") | {"name": "Second"}
    assert owner.post(f"{PAGE}/nothing").status_code == 404
    assert "Nothing was changed." in said(owner, owner.post(f"{PAGE}/words", name="Second"))


def test_keeps_who_sells_for_the_receipts(owner: Buyer) -> None:
    seller = {"legal_name": "Wren & Co Ltd", "postal_address": "12 Lane\r\nYork", "tax_id": "VAT ID GB1"}
    refused = owner.post(f"{PAGE}/seller", **seller | {"tax_id": "x" * 61}, **digests(owner, "seller"))
    assert refused.status_code == 400
    assert "The tax ID has 61 characters, and 60 fit." in refused.text
    assert 'value="Wren &amp; Co Ltd"' in refused.text
    assert "Saved." in said(owner, owner.post(f"{PAGE}/seller", **seller, **digests(owner, "seller")))
    shown = words_of(owner.post(f"{PAGE}/mails/preview").text)
    assert "Sold by Wren & Co Ltd 12 Lane York VAT ID GB1" in shown
    late = owner.post(f"{PAGE}/seller", tax_id="VAT ID GB2", **shown_in(refused.text, "seller"))
    assert (late.status_code, "<blockquote>VAT ID GB1</blockquote>" in late.text) == (409, True)


def test_shows_a_mail_with_words_that_are_not_saved(app: Flask, owner: Buyer) -> None:
    typed = {
        "mail_greeting": "Hi <b>you</b>,\r\nthere",
        "mail_sender_name": 'Ada, "Fonts"',
        "mail_footer": "12 Lane",
    }
    page = owner.post(f"{PAGE}/mails/preview", **typed)
    assert "Hi &lt;b&gt;you&lt;/b&gt;,<br>there" in page.text
    assert '<bdi>Ada, "Fonts"</bdi>' in page.text
    assert "12 Lane" in page.text
    assert "DEMO-AAAAA" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert owner.get(f"{PAGE}/mails/preview").status_code == 200
    assert read_rows(app, ROW)[0]["mail_greeting"] == ""


def test_mails_a_test_to_who_asks_and_says_what_became_of_it(
    app: Flask, owner: Buyer, mailbox: MailboxServer, environment: dict[str, str]
) -> None:
    use_server(app, environment, mailbox.smtp_port)
    run_worker_once(app)
    mailbox.clear()  # of the news that somebody signed in
    said(owner, owner.post(f"{PAGE}/mails", mail_greeting="Dear reader,", mail_signature="Ada"))
    page = said(owner, owner.post(f"{PAGE}/mails/test", to="eve@example.com"))
    assert f"on its way to {OWNER}" in page
    assert "waiting for the worker" in page
    run_worker_once(app)
    (arrived,) = mailbox.find()
    message = read_strictly(arrived.raw)
    assert (message["To"], sender_of(message)[0]) == (OWNER, "Test Shop")
    assert str(message["Subject"]) == "Test: Your license key for A product of yours"
    assert text_of(message, "plain").startswith("Dear reader,\n\nThank you!")
    assert re.search(r'The last one left on <time datetime="[^"]+" title="UTC">', owner.get(PAGE).text)
    use_server(app, environment, 9)
    said(owner, owner.post(f"{PAGE}/mails/test"))
    run_worker_once(app)
    assert "has not left yet" in owner.get(PAGE).text
    statuses = [owner.post(f"{PAGE}/mails/test").status_code for _again in range(3)]
    assert statuses[-1] == 429
