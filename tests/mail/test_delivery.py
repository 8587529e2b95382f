"""Delivery to a real SMTP server: every promise ends sent, canceled or visibly failed, and holds up no other."""

import re
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.cli.together import SECONDS_TO_END
from storefront.core.config.settings import ROOT
from storefront.core.queue_engine import SHUTDOWN_SECONDS
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail.letter import Mail
from storefront.mail.models import OutboxMessage
from storefront.mail.outbox import CLAIM_SECONDS
from storefront.mail.server import PATIENCE_AFTER_TEXT
from storefront.mail.transport import TIMEOUT_SECONDS
from tests.mail.promises import NotTrueAnyMore, compose, deliver, promise, row, rows
from tests.mail.smtp_server import LOGIN, SENDER, TLS, answering, smtp_server, use_server
from tests.mail.smtp_server import TIMEOUT_SECONDS as STEP_SECONDS
from tests.mail.strict import read_strictly
from tests.support.factories import NOON, make_order

RETRY_MINUTES = (1, 5, 30, 120, 720)


def headers_of(mail: dict[str, object]) -> dict[str, str]:
    headers = mail["headers"]
    assert isinstance(headers, list)
    return {str(name): str(value) for name, value in headers}


def test_reaches_the_mailbox_as_it_was_written(mailbox: MailboxServer, app: Flask) -> None:
    promise(app, make_order(app), hold=False)
    assert deliver(app) == 1
    (mail,) = mailbox.messages()
    assert row(app)["state"] == "sent"
    assert mail["to"] == ["ada@shop.example"]
    assert mail["from"] == "Test Shop <shop@storefront.example>"
    assert mail["subject"] == "Your keys"
    assert mail["message_id"] == row(app)["message_id"]
    assert "ä € 漢" in str(mail["text"])
    assert "ä € 漢" in str(mail["html"])
    assert headers_of(mail)["Auto-Submitted"] == "auto-generated"


def test_sends_once_however_often_the_worker_looks(mailbox: MailboxServer, app: Flask) -> None:
    promise(app, make_order(app), hold=False)
    assert [deliver(app), deliver(app), deliver(app)] == [1, 0, 0]
    assert len(mailbox.messages()) == 1


def test_tries_later_and_later_and_then_stops_where_the_owner_sees_it(app: Flask, mailbox: MailboxServer) -> None:
    mailbox.trouble.refuse_times = 100
    now = NOON
    with time_machine.travel(now, tick=False):
        promise(app, make_order(app), hold=False)
        assert deliver(app) == 1
    for attempt, minutes in enumerate(RETRY_MINUTES, start=1):
        assert (row(app)["state"], row(app)["attempts"]) == ("queued", attempt)
        assert row(app)["last_error"] == "recipient refused (451 4.3.0)"
        with time_machine.travel(now + timedelta(minutes=minutes, seconds=-1), tick=False):
            assert deliver(app) == 0
        now += timedelta(minutes=minutes)
        with time_machine.travel(now, tick=False):
            assert deliver(app) == 1
    assert (row(app)["state"], row(app)["attempts"]) == ("failed", 6)
    with time_machine.travel(now + timedelta(days=30), tick=False):
        assert deliver(app) == 0
    assert mailbox.messages() == []


def test_keeps_the_message_id_at_every_try(app: Flask, mailbox: MailboxServer) -> None:
    mailbox.trouble.refuse_times = 2
    composed: list[str] = []

    def note(message: OutboxMessage) -> Mail:
        mail = compose(message)
        composed.append(mail.message_id)
        return mail

    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
    for minutes in (0, 1, 6):
        with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
            deliver(app, note)
    (mail,) = mailbox.messages()
    assert composed == [mail["message_id"]] * 3
    assert row(app)["state"] == "sent"
    assert row(app)["last_error"] is None


def test_stops_at_once_when_the_recipient_does_not_exist(app: Flask, mailbox: MailboxServer) -> None:
    mailbox.trouble.refuse_times = 1
    mailbox.trouble.refuse_with = "550 5.1.1 No such user"
    promise(app, make_order(app), hold=False)
    deliver(app)
    failed = row(app)
    assert (failed["state"], failed["attempts"], failed["last_error"]) == (
        "failed",
        1,
        "recipient refused (550 5.1.1)",
    )


UNUSABLE = "not an address mail can be sent to: `storefront orders resend NUMBER --to` corrects it"
PLACE = "check MAIL_SERVER and MAIL_PORT"


@pytest.mark.parametrize(
    ("recipient", "error"),
    [
        ("refused@shop.example", "recipient refused (550 5.1.1)"),
        ("two\nlines@shop.example", UNUSABLE),
        ("a@ä..example", UNUSABLE),
        ("ada,eve@shop.example", UNUSABLE),
        ("ada@shop.example,eve@shop.example", UNUSABLE),
        ("eve <ada@shop.example>", UNUSABLE),
        ("<ada@shop.example>", UNUSABLE),
        ('"ada eve"@shop.example', UNUSABLE),
        ("ada(eve)@shop.example", UNUSABLE),
        ("ada;eve@shop.example", UNUSABLE),
        ("ada eve@shop.example", UNUSABLE),
        ("ada@eve@shop.example", UNUSABLE),
        ("ada@shop.example\x00", UNUSABLE),
        ("ada@[127.0.0.1]", UNUSABLE),
        ("nobody", UNUSABLE),
        ("@", UNUSABLE),
        ("a@" + "x" * 300 + ".example", UNUSABLE),
        ("<>", UNUSABLE),
    ],
)
def test_lets_one_bad_recipient_hold_up_nobody(
    app: Flask, mailbox: MailboxServer, recipient: str, error: str
) -> None:
    mailbox.trouble.refuse_address = "refused@"
    mailbox.trouble.refuse_times = 1
    mailbox.trouble.refuse_with = "550 5.1.1 No such user"
    order_id = make_order(app)
    promise(app, order_id, recipient=recipient, hold=False)
    promise(app, order_id, again="good", hold=False)
    assert deliver(app) == 2
    bad, good = rows(app)
    assert (bad["state"], bad["last_error"]) == ("failed", error)
    assert good["state"] == "sent"


def test_sends_to_a_domain_with_umlauts(app: Flask, mailbox: MailboxServer) -> None:
    promise(app, make_order(app), recipient="ada@bücher.example", hold=False)
    deliver(app)
    (mail,) = mailbox.messages()
    assert mail["to"] == ["ada@xn--bcher-kva.example"]


def test_sends_to_a_name_with_umlauts_where_the_server_can(app: Flask, mailbox: MailboxServer) -> None:
    promise(app, make_order(app), recipient="jörg@bücher.example", hold=False)
    deliver(app)
    (arrived,) = mailbox.find()
    assert arrived.to == ("jörg@xn--bcher-kva.example",)
    assert str(read_strictly(arrived.raw, allows_utf8=True)["To"]) == "jörg@xn--bcher-kva.example"


def test_says_where_the_server_cannot_send_to_a_name_with_umlauts(app: Flask, environment: dict[str, str]) -> None:
    order_id = make_order(app)
    with smtp_server(answering({})) as port:
        use_server(app, environment, port)
        promise(app, order_id, recipient="jörg@shop.example", hold=False)
        promise(app, order_id, again="good", hold=False)
        deliver(app)
    bad, good = rows(app)
    assert bad["last_error"] == "the mail server takes only ASCII before the @ (no SMTPUTF8)"
    assert (bad["state"], good["state"]) == ("failed", "sent")


def test_cancels_what_is_not_true_any_more(app: Flask, mailbox: MailboxServer) -> None:
    promise(app, make_order(app), hold=False)
    deliver(app, lambda _message: NotTrueAnyMore("refunded"))
    assert (row(app)["state"], row(app)["last_error"]) == ("canceled", "refunded")
    assert deliver(app) == 0
    assert mailbox.messages() == []


def test_asks_again_whether_it_is_true_before_every_try(app: Flask, mailbox: MailboxServer) -> None:
    mailbox.trouble.refuse_times = 1
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
        deliver(app)
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        deliver(app, lambda _message: NotTrueAnyMore("refunded"))
    assert row(app)["state"] == "canceled"
    assert mailbox.messages() == []


def test_waits_for_a_server_that_is_down(app: Flask, mailbox: MailboxServer) -> None:
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
        mailbox.go_down()
        try:
            deliver(app)
        finally:
            mailbox.go_up()
        assert row(app)["last_error"] == f"no usable answer (ConnectionRefusedError): {PLACE}"
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        deliver(app)
    assert row(app)["state"] == "sent"


def test_sends_the_rest_when_one_mail_meets_a_bug(app: Flask, mailbox: MailboxServer) -> None:
    order_id = make_order(app)

    def break_some(message: OutboxMessage) -> Mail:
        if message.recipient == "broken@shop.example":
            raise LookupError
        return compose(message)

    with time_machine.travel(NOON, tick=False):
        for number in range(3):
            promise(app, order_id, again=f"broken {number}", recipient="broken@shop.example", hold=False)
        for _run in range(3):
            with pytest.raises(LookupError):
                deliver(app, break_some)
    with time_machine.travel(NOON + timedelta(minutes=10), tick=False):
        promise(app, order_id, again="good", hold=False)
        with pytest.raises(LookupError):
            deliver(app, break_some)
    assert [mail["to"] for mail in mailbox.messages()] == [["ada@shop.example"]]


def test_gives_a_mail_up_that_meets_a_bug_each_time(app: Flask) -> None:
    def break_each(_message: OutboxMessage) -> Mail:
        raise LookupError

    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
    for run in range(6):
        with (
            time_machine.travel(NOON + timedelta(minutes=5 * run), tick=False),
            pytest.raises(LookupError),
        ):
            deliver(app, break_each)
    with time_machine.travel(NOON + timedelta(minutes=30), tick=False):
        deliver(app, break_each)
    assert (row(app)["state"], row(app)["last_error"]) == ("failed", "given up")


def test_is_not_held_up_by_a_server_that_says_nothing(app: Flask, environment: dict[str, str]) -> None:
    with smtp_server(_wait_for_the_end) as port:
        use_server(app, environment, port)
        promise(app, make_order(app), hold=False)
        started = time.monotonic()
        assert deliver(app) == 1
        assert time.monotonic() - started < TIMEOUT_SECONDS
    assert (row(app)["state"], row(app)["last_error"]) == (
        "queued",
        f"no usable answer (SMTPServerDisconnected): {PLACE}",
    )


def _wait_for_the_end(connection: socket.socket) -> None:
    assert connection.recv(1) == b""


def test_does_not_send_again_when_the_server_hangs_up_after_taking(
    app: Flask, environment: dict[str, str]
) -> None:
    with smtp_server(answering({}, hang_up_after="END")) as port:
        use_server(app, environment, port)
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert row(app)["state"] == "sent"


def test_waits_longer_for_a_server_that_looks_into_the_text(app: Flask, environment: dict[str, str]) -> None:
    """Hung up on, it has the mail all the same, and would get it again at the next try."""
    waits = {"END": 2 * STEP_SECONDS}
    with smtp_server(answering({}, waits=waits)) as port:
        use_server(app, environment, port)
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert (row(app)["state"], row(app)["attempts"]) == ("sent", 1)


def test_waits_no_longer_before_the_text(app: Flask, environment: dict[str, str]) -> None:
    """Else all steps together could take longer than a claim, and another worker would send it as well."""
    with smtp_server(answering({}, waits={"DATA": 2 * STEP_SECONDS})) as port:
        use_server(app, environment, port)
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert (row(app)["state"], row(app)["attempts"]) == ("queued", 1)


def test_lets_a_worker_that_is_stopped_hear_the_answer() -> None:
    patience = TIMEOUT_SECONDS * PATIENCE_AFTER_TEXT
    assert patience < SHUTDOWN_SECONDS < SECONDS_TO_END < CLAIM_SECONDS
    deploy = ROOT / "deploy"
    for path in ("systemd/storefront-worker.service", "compose/compose.yaml", "compose/compose.sqlite.yaml"):
        waits = re.findall(
            r"(?:TimeoutStopSec=|stop_grace_period: )(\d+)", (deploy / path).read_text(encoding="utf-8")
        )
        assert max(map(int, waits)) > SECONDS_TO_END, path


@pytest.mark.parametrize(
    ("replies", "state", "error"),
    [
        ({"RCPT": "550 no"}, "failed", "recipient refused (550 unclear)"),
        ({"RCPT": "550 5.1.1 <full@shop.example> unknown"}, "failed", "recipient refused (550 5.1.1)"),
        ({"RCPT": "550 <full@shop.example> unknown"}, "failed", "recipient refused (550)"),
        ({"RCPT": "552 5.2.2 over quota"}, "failed", "recipient refused (552 5.2.2)"),
        ({"RCPT": "550 the mailbox is full"}, "failed", "recipient refused (550 full)"),
        ({"RCPT": "452 full"}, "queued", "recipient refused (452 full)"),
        ({"END": "451 later"}, "queued", "mail refused (451)"),
        ({"MAIL": "550 who are you"}, "queued", f"sender refused (550): {SENDER}"),
        ({"MAIL": "530 login"}, "queued", f"it wants a login or TLS first (530): {LOGIN}, and {TLS}"),
        ({"MAIL": "421 busy"}, "queued", "it takes no mail now (421)"),
        ({"EHLO": "500 what", "HELO": "500 what"}, "queued", f"no usable answer (500): {PLACE}"),
    ],
)
def test_tells_a_mail_that_is_refused_from_a_server_that_refuses(
    app: Flask, environment: dict[str, str], replies: dict[str, str], state: str, error: str
) -> None:
    with smtp_server(answering(replies)) as port:
        use_server(app, environment, port)
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert (row(app)["state"], row(app)["last_error"]) == (state, error)


def test_keeps_every_mail_while_the_servers_password_is_wrong(app: Flask, environment: dict[str, str]) -> None:
    """535 is permanent for the password, not for the mails: the owner can mend it."""
    replies = {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong password"}
    with smtp_server(answering(replies)) as port:
        use_server(app, environment, port, MAIL_USERNAME="shop", MAIL_PASSWORD="outdated")
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert (row(app)["state"], row(app)["last_error"]) == ("queued", f"login refused (535): {LOGIN}")


def test_sends_nothing_in_the_clear_when_it_should_be_encrypted(app: Flask, environment: dict[str, str]) -> None:
    with smtp_server(answering({})) as port:
        use_server(app, environment, port, MAIL_USE_TLS="true")
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert row(app)["state"] == "queued"
    assert row(app)["last_error"] == f"no TLS (SMTPNotSupportedError): check {TLS}"


def test_understands_a_sender_with_a_name(app: Flask, mailbox: MailboxServer, environment: dict[str, str]) -> None:
    use_server(app, environment, mailbox.smtp_port, MAIL_FROM="Ada's Fonts <hello@fonts.example>")
    promise(app, make_order(app), hold=False)
    deliver(app)
    (mail,) = mailbox.messages()
    assert mail["from"] == "Ada's Fonts <hello@fonts.example>"


def test_writes_no_address_into_the_log(
    app: Flask, mailbox: MailboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    mailbox.trouble.refuse_times = 1
    order_id = make_order(app)
    promise(app, order_id, hold=False)
    promise(app, order_id, again="second", hold=False)
    deliver(app)
    written: list[dict[str, Any]] = [record.__dict__ for record in caplog.records]
    assert {line["msg"] for line in written} >= {"mail sent", "mail not sent"}
    assert "ada@shop.example" not in str(written)
