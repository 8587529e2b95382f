"""Links that the owner begins with a slash, as pages of the shop do: in an email they name the shop."""

import re

from flask import Flask

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.core.runtime import runtime, settings
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail.inlined import inline_styles
from storefront.owner.broadcasts.letter import preview_broadcast, write_letter
from storefront.shop.emails.edit import change_words
from tests.support.goods import change_product
from tests.support.readers import draft
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA

WORDS = {"subject": "Your order", "heading": "Hi", "body": "See [our terms](/pages/terms)."}
WHOLE = re.compile(r"(https?:|mailto:)")


def test_names_the_shop_in_the_links_of_a_receipt(
    app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    change_product(app, "twinspot", first_steps="Read [the manual](/pages/manual) first.")
    with app.app_context():
        change_words("receipt", Language.ENGLISH, WORDS)
        db.session.remove()
    sale = sell(app, sandbox, email=ADA)
    sale.deliver("checkout.session.completed")
    sale.work()
    (mail,) = mailbox.messages()
    home = runtime(app).settings.base_url
    hrefs = re.findall(r'(?:href|src)="([^"]*)"', str(mail["html"]))
    assert [href for href in hrefs if not WHOLE.match(href)] == []
    assert {f"{home}/pages/terms", f"{home}/pages/manual"} <= set(hrefs)
    assert f"See our terms ({home}/pages/terms)." in str(mail["text"])
    assert f"Read the manual ({home}/pages/manual) first." in str(mail["text"])
    assert 'href="/pages/manual"' in sale.order_page()


def test_names_the_shop_in_the_links_of_a_broadcast(app: Flask) -> None:
    broadcast_id = draft(app, en=("News", "It has **more**: see [the page](/products/twinspot)."))
    with app.test_request_context():
        home = settings().base_url
        assert write_letter(broadcast_id, Language.ENGLISH)["words"] == (
            f"It has more: see the page ({home}/products/twinspot)."
        )
        html = preview_broadcast(broadcast_id, Language.ENGLISH, email=ADA).html
    assert f'href="{home}/products/twinspot"' in html


def test_leaves_other_links_and_words_as_they_are(app: Flask) -> None:
    kept = '<p>&lt;a href="/x"&gt;</p><a href="//a.example/x">x</a><a href="#top">x</a>'
    with app.app_context():
        assert settings().base_url not in inline_styles(kept)
