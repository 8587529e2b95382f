"""Emails that come back: found by their Message-ID, counted once, and shown where the address is corrected."""

import base64
import quopri
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.cli import main
from storefront.core.db import db
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail import outbox
from storefront.mail.bounces import MOST_BYTES, Bounce, NoReport, Verdict, note_bounce, read_report
from storefront.mail.retry import retry_mails
from tests.mail.promises import claim, deliver, promise, row
from tests.mail.reports import make_global_report, make_report
from tests.support.databases import BOTH
from tests.support.factories import make_order
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA

GLOBAL = make_global_report("<a@storefront.example>")
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient, mailbox: Any) -> Sale:
    sale = sell(app, sandbox, email=ADA)
    sale.deliver("checkout.session.completed")
    sale.work()
    return sale


def receipt(sale: Sale) -> dict[str, Any]:
    return read_rows(sale.app, "SELECT * FROM outbox WHERE kind = 'receipt'")[0]


def come_back(sale: Sale, **how: Any) -> Bounce:
    with sale.app.app_context():
        noted = note_bounce(make_report(receipt(sale)["message_id"], **how).encode())
        db.session.remove()
    return noted


@both
def test_marks_the_email_once_and_offers_the_correction_at_its_order(sale: Sale) -> None:
    assert receipt(sale)["state"] == "sent"
    assert come_back(sale, action="delayed", status="4.4.1").verdict is Verdict.DELAYED
    assert receipt(sale)["state"] == "sent"
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda whole: come_back(sale, whole=whole).verdict, (True, False)))
    assert sorted(verdicts) == [Verdict.ALREADY, Verdict.BOUNCED]
    assert (receipt(sale)["state"], receipt(sale)["last_error"]) == ("failed", "bounced (5.1.1)")
    owner = sign_in_at_admin(sale.app, make_person(sale.app))
    home = f"/admin/orders/{read_rows(sale.app, 'SELECT number FROM orders')[0]['number']}"
    page = owner.get(home).text
    assert "arrive: bounced (5.1.1)." in page
    assert '<details id="another-address" open>' in page
    owner.post(f"{home}/resend", to="ada@correct.example")
    assert "arrive: bounced" not in owner.get(home).text


@pytest.mark.parametrize("action", ["delivered", "relayed", "Expanded (by a list)"])
def test_changes_nothing_for_an_email_that_arrived(sale: Sale, command: CliRunner, action: str) -> None:
    raw = make_report(receipt(sale)["message_id"], action=action, status="2.0.0")
    said = command.invoke(main, ["mail", "bounce"], input=raw)
    assert "has arrived, or was passed on: nothing is changed" in said.stdout, said.output
    assert come_back(sale, action=action, status="2.0.0").verdict is Verdict.ARRIVED
    assert receipt(sale)["state"] == "sent"


@pytest.mark.parametrize("action", ["FAILED", "failed (after 5 days)", "failed(given up)"])
def test_reads_an_action_with_a_comment(action: str) -> None:
    """RFC 3464 lets comments stand in each field."""
    assert read_report(make_report("<a@b>", action=action).encode()).is_final


@both
@pytest.mark.parametrize("is_tried_again", [False, True])
def test_marks_an_email_that_comes_back_before_its_server_has_answered(app: Flask, is_tried_again: bool) -> None:
    """Its worker waits for the answer, or has lost it and will try again."""
    promise(app, make_order(app), hold=False)
    mail_id = claim(app)
    assert mail_id is not None
    with app.app_context():
        if is_tried_again:
            outbox.mark_failed(mail_id, attempts=1, error="no usable answer", is_permanent=False)
        report = make_report(row(app)["message_id"]).encode()
        assert note_bounce(report).verdict is Verdict.BOUNCED
        outbox.mark_sent(mail_id)
        outbox.put_back(mail_id, attempts=1, error="it hung up")
        assert note_bounce(report).verdict is Verdict.ALREADY
        db.session.remove()
    assert (row(app)["state"], row(app)["last_error"]) == ("failed", "bounced (5.1.1)")
    assert row(app)["claimed_at"] is None


@both
def test_sends_what_bounced_once_the_owner_tries_again(app: Flask, mailbox: MailboxServer) -> None:
    promise(app, make_order(app), hold=False)
    deliver(app)
    report = make_report(row(app)["message_id"]).encode()
    with app.app_context():
        note_bounce(report)
        retry_mails([row(app)["id"]])
        assert note_bounce(report).verdict is Verdict.ALREADY, "the same report once more, and nothing left since"
        db.session.remove()
    deliver(app)
    assert (row(app)["state"], row(app)["last_error"]) == ("sent", None)


@both
def test_fails_nothing_for_a_report_of_before_that_comes_again(app: Flask, mailbox: MailboxServer) -> None:
    promise(app, make_order(app), hold=False)
    deliver(app)
    report = make_report(row(app)["message_id"]).encode()
    with app.app_context():
        note_bounce(report)
        retry_mails([row(app)["id"]])
        db.session.remove()
    mail_id = claim(app)
    assert mail_id is not None
    with app.app_context():
        outbox.mark_failed(mail_id, attempts=1, error="recipient refused (451 4.7.1)", is_permanent=False)
        assert note_bounce(report).verdict is Verdict.ALREADY
        db.session.remove()
    assert row(app)["state"] == "queued"


def test_leaves_an_email_canceled_that_comes_back(app: Flask, command: CliRunner) -> None:
    promise(app, make_order(app), hold=False)
    change_rows(app, "UPDATE outbox SET state = 'canceled'")
    done = command.invoke(main, ["mail", "bounce"], input=make_report(row(app)["message_id"]))
    assert (done.exit_code, "was canceled, and stays so" in done.output) == (0, True)
    assert row(app)["state"] == "canceled"


def test_reads_the_message_of_a_pipe_and_refuses_what_is_none(sale: Sale, command: CliRunner) -> None:
    report = make_report(receipt(sale)["message_id"])
    done = command.invoke(main, ["mail", "bounce"], input=report)
    assert (done.exit_code, "bounced, and counts as failed" in done.output) == (0, True)
    unknown = command.invoke(main, ["mail", "bounce"], input=make_report("<nobody@example.com>"))
    assert (unknown.exit_code, "has sent no email" in unknown.output) == (1, True)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "message/delivery-status"),
        (b"\xff\xfe\x00" * 100, "message/delivery-status"),
        (b"Subject: Out of office\n\nBack on Monday.\n", "message/delivery-status"),
        (make_report("").encode(), "Message-ID of that one is missing"),
        (make_report("<" + "x" * 300 + ">").encode(), "Message-ID of that one is missing"),
        (
            make_report("<a@b>").replace("message/delivery-status", "text/plain").encode(),
            "message/delivery-status",
        ),
        (make_report("<a\0@b>").encode(), "Message-ID of that one is missing"),
        (b"x" * (MOST_BYTES + 1), "at most 1024 KB"),
        (b"Content-Type: message/rfc822\n\n" * 2000, "too deep in one another"),
    ],
)
def test_says_what_a_message_lacks(raw: bytes, words: str) -> None:
    with pytest.raises(NoReport, match=words):
        read_report(raw)


@pytest.mark.parametrize("whole", [True, False])
def test_reads_a_report_of_an_address_beyond_ascii(whole: bool) -> None:
    raw = make_global_report("<a@storefront.example>", whole=whole)
    lines = (raw, raw.replace("\n", "\r\n"))
    assert {read_report(text.encode()) for text in lines} == {
        read_report(make_report("<a@storefront.example>").encode())
    }


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["global-delivery-status", "global-headers"])
def test_reads_a_report_of_an_address_beyond_ascii_in_an_encoding(kind: str, encoding: str) -> None:
    """RFC 6532 lets these parts have one; Python leaves them as they are."""
    before, text, after = re.split(f"(?<=message/{kind}\n\n)(.*?)(?=--b)", GLOBAL, flags=re.DOTALL)
    encoded = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}[encoding](text.encode())
    head = before.removesuffix("\n") + f"Content-Transfer-Encoding: {encoding}\n\n"
    assert read_report((head + encoded.decode() + "\n" + after).encode()) == read_report(GLOBAL.encode())


def test_reads_a_report_in_base64() -> None:
    """RFC 3464 has none, and some write one all the same."""
    plain = make_report("<a@storefront.example>")
    before, text, after = re.split("(?<=message/delivery-status\n\n)(.*?)(?=--b)", plain, flags=re.DOTALL)
    head = before.removesuffix("\n") + "Content-Transfer-Encoding: base64\n\n"
    raw = head + base64.encodebytes(text.encode()).decode() + "\n" + after
    assert read_report(raw.encode()) == read_report(plain.encode())


@pytest.mark.parametrize(
    "charset", ["charset*=''a", "charset=idna", 'charset="a\0b"', "charset=hex", 'charset=""']
)
def test_reads_a_report_that_names_an_odd_character_set(charset: str) -> None:
    raw = GLOBAL.replace("Reporting-MTA", f"Content-Type: text/plain; {charset}\nReporting-MTA")
    assert raw != GLOBAL
    assert read_report(raw.encode()) == read_report(GLOBAL.encode())


def test_keeps_no_address_of_a_report() -> None:
    report = read_report(make_report("<a@b>", status="5.2.2 (full: ada@example.com)").encode())
    assert (report.message_id, report.status, report.is_final) == ("<a@b>", "5.2.2", True)
