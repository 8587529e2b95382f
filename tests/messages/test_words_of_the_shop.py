"""The owner's words in mails: name, sender, greeting, signature, footer, and where answers go."""

import html
import re

import pytest
from flask import Flask

from storefront.core.db import db, transaction
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail import outbox
from storefront.mail.delivery import deliver_due
from storefront.mail.models import MailKind
from storefront.messages.compose import compose
from storefront.shop.profile.change import change_profile
from tests.mail.smtp_server import use_server
from tests.mail.strict import read_strictly, sender_of, text_of
from tests.support.factories import make_order
from tests.support.rows import change_rows

NAMES = (
    'Acme, "Fonts" & more',
    "<b>Töne</b>",
    "Letters " * 7 + "abcd",
    "💫 Café",
    "متجر الخطوط",
)
WORDS = {
    "support_email": "help+fonts@fonts.example",
    "mail_greeting": "Hello & <i>welcome</i>,\nyou!",
    "mail_signature": "Warmly,\nAda",
    "mail_footer": "Ada's Fonts, 12 Long Lane\nCompany no. 7",
}


def write(app: Flask, **words: str) -> None:
    with app.app_context():
        change_profile(words)
        db.session.remove()


def send_refund_mail(app: Flask, mailbox: MailboxServer, again: str = "") -> bytes:
    """One mail about an order, to its buyer; returns it as it arrived."""
    mailbox.clear()
    order_id = make_order(app)
    change_rows(app, "UPDATE orders SET has_failed = true, is_paid = false")
    with app.app_context():
        with transaction() as session:
            outbox.promise(
                session,
                kind=MailKind.PAYMENT_FAILED,
                order_id=order_id,
                mode="sandbox",
                recipient="ada@example.com",
                again=again,
                hold=False,
            )
        assert deliver_due(compose) == 1
        db.session.remove()
    return mailbox.find()[0].raw


@pytest.mark.parametrize("name", NAMES)
def test_writes_the_name_right_wherever_it_stands(
    app: Flask, mailbox: MailboxServer, environment: dict[str, str], name: str
) -> None:
    use_server(app, environment, mailbox.smtp_port)
    write(app, name=name)
    message = read_strictly(send_refund_mail(app, mailbox))
    assert sender_of(message) == (name.strip(), "shop@storefront.example")
    assert name.strip() in text_of(message, "plain")
    body = text_of(message, "html")
    assert html.escape(name.strip(), quote=False) in body
    assert "<b>" not in body
    assert message["Reply-To"] is None


def test_begins_and_ends_with_the_owners_words_and_is_answered_at_the_support_address(
    app: Flask, mailbox: MailboxServer, environment: dict[str, str]
) -> None:
    use_server(app, environment, mailbox.smtp_port, MAIL_FROM="Robot <robot@storefront.example>")
    write(app, **WORDS)
    message = read_strictly(send_refund_mail(app, mailbox))
    assert sender_of(message) == ("Robot", "robot@storefront.example")
    assert message["Reply-To"] == "help+fonts@fonts.example"
    text, body = text_of(message, "plain"), text_of(message, "html")
    assert text.startswith("Hello & <i>welcome</i>,\nyou!\n\n")
    assert "Warmly,\nAda\n\nTest Shop\n" in text
    assert text.endswith("help+fonts@fonts.example\n\nAda's Fonts, 12 Long Lane\nCompany no. 7\n")
    assert "Hello &amp; &lt;i&gt;welcome&lt;/i&gt;,<br>you!" in body
    assert body.index("welcome") < body.index("for this order did not") < body.index("Warmly,<br>Ada")
    assert re.search(r'href="mailto:help\+fonts@fonts.example\?subject=Order%20[\w-]+"', body)
    write(app, mail_sender_name="Ada at Fonts, Inc.", support_email="")
    again = read_strictly(send_refund_mail(app, mailbox, again="2"))
    assert sender_of(again) == ("Ada at Fonts, Inc.", "robot@storefront.example")
    assert again["Reply-To"] is None
