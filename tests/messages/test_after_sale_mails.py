"""Mails after the sale, each once and only while true: refunds to the buyer, disputes and such to the owner."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from tests.support.databases import BOTH
from tests.support.letters import words_of
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on

OWNER, ADA = "owner@storefront.example", "ada@example.com"
TWINSPOT, BOOK = ("twinspot", "Personal"), ("the-patient-toolmaker", "E-book")
AFTER_SALE = ("refund.", "charge.refunded", "charge.dispute.", "radar.", COMPLETED)
Mails = Any

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def environment(environment: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    return environment | getattr(request, "param", {})


def only_mail(mailbox: Mails, *, to: str, besides: str = "Your ") -> dict[str, str]:
    """Return the one that came, but for the receipt. It tells neither program nor reader a key."""
    (mail,) = [mail for mail in mailbox.messages(to=to) if not mail["subject"].startswith(besides)]
    assert keys_on(mail["text"]) == keys_on(mail["html"]) == []
    return dict(mail)


def assert_opens_nothing(sale: Sale, mail: dict[str, str]) -> None:
    """Check that it holds no way into the order: the owner's mail may be forwarded to anybody."""
    token = sale.link.rpartition("/")[2]
    for body in (mail["text"], mail["html"], mail["subject"]):
        assert token not in body
        assert "/orders/" not in body
        assert "/downloads/" not in body


def test_tells_the_buyer_that_all_is_refunded(app: Flask, sandbox: SandboxClient, mailbox: Mails) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    sale.refund()
    sale.deliver("charge.refunded")
    sale.work()
    mail = only_mail(mailbox, to=ADA)
    assert mail["subject"].startswith("Refunded: $33.00 of order ")
    for body in (mail["text"], mail["html"]):
        assert "$33.00" in body
        assert re.search(
            r"This order was refunded on \w+ \d+, \d{4}, so its keys and downloads no longer work.", body
        )
        assert sale.link in body
    assert mailbox.messages(to=OWNER) == []


def test_tells_the_buyer_of_a_part_that_everything_keeps_working(
    app: Flask, sandbox: SandboxClient, mailbox: Mails
) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    sale.refund(amount=500)
    sale.deliver("charge.refunded")
    sale.work()
    mail = only_mail(mailbox, to=ADA)
    assert mail["subject"].startswith("Refunded: $5.00 of order ")
    for body in (mail["text"], mail["html"]):
        assert "Everything you bought keeps working." in body
        said = words_of(body)
        assert "Total (USD) $33.00" in said
        assert re.search(r"Refunded on \w+ \d+, \d{4} -\$5.00 Total after refunds \$28.00", said)


def test_tells_the_buyer_which_items_still_work(app: Flask, sandbox: SandboxClient, mailbox: Mails) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    sale.refund(amount=1900, metadata={"storefront_items": "1"})
    sale.deliver("charge.refunded")
    sale.work()
    mail = only_mail(mailbox, to=ADA)
    lines = mail["text"].splitlines()
    assert "- Twinspot (Personal): refunded, its keys and downloads no longer work" in lines
    assert "- The Patient Toolmaker (E-book): works as before" in lines
    assert "Everything you bought" not in mail["text"] + mail["html"]
    assert "Refunded: its keys and downloads no longer work." in mail["html"]
    assert "Works as before." in mail["html"]


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        ("follow_payment", "The keys and downloads of this order pause"),
        ("allow", "keep working, as you decided"),
        ("withdraw", "You have withdrawn this order"),
    ],
)
def test_tells_the_owner_of_a_dispute(
    app: Flask, sandbox: SandboxClient, mailbox: Mails, decision: str, says: str
) -> None:
    sale = sell(app, sandbox)
    decide_on(sale, decision)
    dispute = sale.at_charge("dispute", reason="product_not_received")
    sale.deliver("charge.dispute.")
    sale.work()
    mail = only_mail(mailbox, to=OWNER)
    assert mail["subject"].startswith("Dispute: $19.00 of order ")
    assert ", answer until " in mail["subject"]
    for body in (mail["text"], mail["html"]):
        assert says in " ".join(body.split())
        assert all(
            part in body for part in ("product not received", "Ada", ADA, dispute, "Answer until", sandbox.url)
        )
    assert_opens_nothing(sale, mail)


def decide_on(sale: Sale, decision: str) -> None:
    with sale.app.app_context():
        decide(read_rows(sale.app, "SELECT number FROM orders")[0]["number"], Decision(decision))
        db.session.remove()


def test_tells_the_owner_of_an_inquiry(app: Flask, sandbox: SandboxClient, mailbox: Mails) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("dispute", status="warning_needs_response")
    sale.deliver("charge.dispute.")
    sale.work()
    mail = only_mail(mailbox, to=OWNER)
    assert mail["subject"].startswith("Inquiry: $19.00 of order ")
    assert "No money has moved" in mail["text"]
    assert "No money has moved" in mail["html"]
    assert_opens_nothing(sale, mail)
    assert keys_on(sale.order_page()) == sale.keys


def test_tells_the_owner_of_a_fraud_warning(app: Flask, sandbox: SandboxClient, mailbox: Mails) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("fraud_warning", fraud_type="made_with_stolen_card")
    sale.deliver("radar.")
    sale.work()
    mail = only_mail(mailbox, to=OWNER)
    assert mail["subject"].startswith("Early fraud warning for order ")
    for body in (mail["text"], mail["html"]):
        assert "made with stolen card" in body
        assert "refund the payment in full" in " ".join(body.split())
        assert sandbox.url in body
    assert_opens_nothing(sale, mail)


@pytest.mark.parametrize("environment", [{"OWNER_EMAIL": ""}], indirect=True)
def test_lists_only_what_needs_an_owner_without_an_address(
    app: Flask, sandbox: SandboxClient, mailbox: Mails
) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("fraud_warning")
    sale.at_charge("dispute", status="warning_needs_response")
    sale.deliver("charge.dispute.", "radar.")
    sale.work()
    assert list(sale.promised()) == ["receipt"]
    assert sorted(sale.open_notices()) == ["dispute_open", "fraud_warning"]


@both
def test_mails_each_once_however_often_it_is_told(app: Flask, sandbox: SandboxClient, mailbox: Mails) -> None:
    sale = sell(app, sandbox)
    happenings: tuple[Callable[[], str], ...] = (
        lambda: sale.at_charge("fraud_warning"),
        lambda: sale.at_charge("dispute", status="warning_needs_response"),
        lambda: sale.refund(amount=300),
        lambda: sale.refund(amount=200),
    )
    for happens in happenings:
        happens()
        sale.deliver(*AFTER_SALE)
        sale.work()
    sale.deliver(*AFTER_SALE, times=3)
    sale.work()
    subjects = sorted(str(mail["subject"]).partition(" order ")[0] for mail in mailbox.messages())
    assert subjects == [
        "Early fraud warning for",
        "Inquiry: $19.00 of",
        "Refunded: $2.00 of",
        "Refunded: $3.00 of",
        "Your license key for Twinspot (Personal)",
    ]


@both
def test_mails_no_refund_that_failed_before_the_mail_left(
    app: Flask, sandbox: SandboxClient, mailbox: Mails
) -> None:
    sale = sell(app, sandbox)
    refund = sale.at_charge("refund", outcome="pending")
    sale.deliver(*AFTER_SALE)
    assert sale.promised() == {"receipt": "queued", "refunded": "queued"}
    sandbox.control(f"refunds/{refund}/settle", result="failed")
    sale.deliver(*AFTER_SALE)
    sale.work()
    assert sale.promised() == {"receipt": "sent", "refunded": "canceled"}
    (receipt,) = mailbox.messages()
    assert keys_on(receipt["text"]) == sale.keys
    assert sale.open_notices() == ["refund_failed"]


@pytest.mark.parametrize("ended", ["under_review", "won", "lost"])
def test_mails_no_dispute_that_wants_no_answer_any_more(
    app: Flask, sandbox: SandboxClient, mailbox: Mails, ended: str
) -> None:
    sale = sell(app, sandbox)
    dispute = sale.at_charge("dispute")
    sale.deliver(*AFTER_SALE)
    sandbox.control(f"disputes/{dispute}/move", status=ended)
    sale.deliver(*AFTER_SALE)
    sale.work()
    assert sale.promised() == {"receipt": "sent" if ended == "won" else "paused", "dispute_opened": "canceled"}
    reason = read_rows(app, "SELECT last_error FROM outbox WHERE kind = 'dispute_opened'")[0]["last_error"]
    assert reason == f"the dispute is {ended}"
    assert mailbox.messages(to=OWNER) == []
    assert sale.open_notices() == []


def test_mails_no_warning_that_a_refund_has_settled(app: Flask, sandbox: SandboxClient, mailbox: Mails) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("fraud_warning")
    sale.deliver(*AFTER_SALE)
    sale.refund()
    sale.deliver(*AFTER_SALE)
    sale.work()
    assert sale.promised() == {"receipt": "paused", "fraud_warning": "paused", "refunded": "sent"}
    assert mailbox.messages(to=OWNER) == []
    assert sale.open_notices() == []
