"""A fault of the mail account is not a fault of the mail: nothing is given up for it, and its setting is named."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from flask import Flask

from storefront.devtools.mailbox.server import MailboxServer
from tests.mail.promises import compose, deliver, promise, read_trouble, row, rows, states
from tests.mail.smtp_server import LOGIN, SENDER, TLS, answering, smtp_server, use_server
from tests.support.databases import BOTH
from tests.support.factories import NOON, make_order

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
PASSWORD = "pässwörd пароль 漢字"
WITH_LOGIN = {"MAIL_USERNAME": "shop@störe.example", "MAIL_PASSWORD": PASSWORD}
RELAY_DENIED = "554 5.7.1 Relay access denied"


class _Taking:
    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return "250 taken"


def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object) -> AuthResult:
    assert isinstance(login, LoginPassword)
    known = tuple(text.encode() for text in WITH_LOGIN.values())
    return AuthResult(success=(login.login, login.password) == known)


@contextmanager
def server_with_login(mechanism: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    controller = Controller(
        _Taking(),
        hostname="127.0.0.1",
        port=port,
        authenticator=check,
        auth_required=True,
        auth_require_tls=False,
        auth_exclude_mechanism=[name for name in ("PLAIN", "LOGIN") if name != mechanism],
    )
    controller.start()
    yield port
    controller.stop()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_logs_in_with_a_password_in_any_language(app: Flask, environment: dict[str, str], mechanism: str) -> None:
    order_id = make_order(app)
    with server_with_login(mechanism) as port, time_machine.travel(NOON, tick=True) as clock:
        for number, changes in enumerate(({}, {"MAIL_PASSWORD": "пароль"}, WITH_LOGIN)):
            promise(app, order_id, again=str(number), hold=False)
            use_server(app, environment, port, **(WITH_LOGIN | changes if changes else {}))
            deliver(app)
            clock.shift(timedelta(minutes=1))
            if changes is not WITH_LOGIN:
                assert {message["state"] for message in rows(app)} == {"queued"}
                assert {message["attempts"] for message in rows(app)} == {0}
    assert states(app) == ["sent"] * 3


@pytest.mark.parametrize(
    ("replies", "changes", "said"),
    [
        ({}, WITH_LOGIN, f"it offers no login here: check {TLS}, or remove MAIL_USERNAME and MAIL_PASSWORD"),
        (
            {"EHLO": "250-here\r\n250 AUTH GSSAPI"},
            WITH_LOGIN,
            f"it offers no login here: check {TLS}, or remove MAIL_USERNAME and MAIL_PASSWORD",
        ),
        ({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "535 no"}, WITH_LOGIN, f"login refused (535): {LOGIN}"),
        ({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "454 no"}, WITH_LOGIN, f"login refused (454): {LOGIN}"),
        ({"EHLO": "250-here\r\n250 AUTH CRAM-MD5", "AUTH": "535 no"}, WITH_LOGIN, f"login refused (535): {LOGIN}"),
        (
            {"EHLO": "250-here\r\n250 AUTH PLAIN"},
            WITH_LOGIN | {"MAIL_PASSWORD": "not UTF-8: \udcff"},
            f"no login (UnicodeEncodeError): {LOGIN}",
        ),
        ({"STARTTLS": "454 no"}, {"MAIL_USE_TLS": "true"}, f"no TLS (SMTPNotSupportedError): check {TLS}"),
        (
            {"EHLO": "250-here\r\n250 STARTTLS", "STARTTLS": "454 no"},
            {"MAIL_USE_TLS": "true"},
            f"no TLS (454): check {TLS}",
        ),
        ({"MAIL": "553 5.7.1 not owned by user"}, {}, f"sender refused (553): {SENDER}"),
        ({"MAIL": "501 5.1.7 bad sender"}, {}, f"sender refused (501): {SENDER}"),
        ({"MAIL": "530 5.7.0 login first"}, {}, f"it wants a login or TLS first (530): {LOGIN}, and {TLS}"),
        ({"MAIL": "452 4.3.1 disk full"}, {}, "it takes no mail now (452)"),
    ],
)
def test_keeps_the_mail_and_names_the_setting(
    app: Flask, environment: dict[str, str], replies: dict[str, str], changes: dict[str, str], said: str
) -> None:
    with smtp_server(answering(replies)) as port:
        use_server(app, environment, port, **changes)
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert (row(app)["state"], row(app)["attempts"], row(app)["last_error"]) == ("queued", 0, said)
    assert read_trouble(app).why == said


def test_says_where_tls_is_spoken_to_a_port_without_it(app: Flask, environment: dict[str, str]) -> None:
    with smtp_server(_greet_in_the_clear) as port:
        use_server(app, environment, port, MAIL_USE_SSL="true")
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert (row(app)["state"], row(app)["attempts"]) == ("queued", 0)
    assert row(app)["last_error"] == f"TLS failed (WRONG_VERSION_NUMBER): check {TLS}"


def _greet_in_the_clear(connection: socket.socket) -> None:
    connection.sendall(b"220 here\r\n")
    with suppress(OSError):
        while connection.recv(4096):
            pass


@both
def test_gives_nothing_up_while_the_server_relays_for_nobody(
    app: Flask, environment: dict[str, str], mailbox: MailboxServer
) -> None:
    """Many servers judge sender and login only at the recipient: 554 5.7.1 and 454 are Postfix's."""
    order_id = make_order(app)
    for number in range(3):
        promise(app, order_id, again=str(number), hold=False)
    for hours, refusal in enumerate((RELAY_DENIED, "454 4.7.1 Relay access denied", "550 5.1.8 sender unknown")):
        with (
            time_machine.travel(NOON + timedelta(days=30, hours=hours), tick=False),
            smtp_server(answering({"RCPT": refusal})) as port,
        ):
            use_server(app, environment, port)
            assert deliver(app) == 1, "one connection a run, not one a mail"
        assert {(message["state"], message["attempts"]) for message in rows(app)} == {("queued", 0)}
        assert "perhaps because of the account: check MAIL_FROM, MAIL_USERNAME" in str(read_trouble(app).why)
    use_server(app, environment, mailbox.smtp_port)
    with time_machine.travel(NOON + timedelta(days=31), tick=False):
        assert deliver(app) == 3
        assert read_trouble(app).why is None
    assert states(app) == ["sent"] * 3


@both
def test_takes_the_same_refusal_for_the_recipients_once_another_mail_has_left(
    app: Flask, mailbox: MailboxServer
) -> None:
    mailbox.trouble.refuse_address, mailbox.trouble.refuse_times = "closed-group@", 100
    mailbox.trouble.refuse_with = "550 5.7.1 Not authorized"
    order_id = make_order(app)
    with time_machine.travel(NOON, tick=False):
        promise(app, order_id, again="bad", recipient="closed-group@shop.example", hold=False)
        promise(app, order_id, again="good", hold=False)
    for minutes in (1, 2, 3):
        with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
            deliver(app)
    assert states(app) == ["failed", "sent"]


def test_gives_a_refused_text_up_once_another_mail_has_left_and_tries_for_half_a_day_else(
    app: Flask, environment: dict[str, str]
) -> None:
    """Services that send for others say only after the text that a sender is not verified, and with 554."""
    order_id = make_order(app)
    refusing = {"END": "554 Message rejected: Email address is not verified"}
    with time_machine.travel(NOON, tick=False), smtp_server(answering(refusing)) as port:
        use_server(app, environment, port)
        promise(app, order_id, again="refused", hold=False)
        for minutes in (0, 1, 6):
            with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
                assert deliver(app) == 1
    assert (row(app)["state"], row(app)["attempts"]) == ("queued", 3)
    assert row(app)["last_error"] == "mail refused (554)"
    assert read_trouble(app).stubborn == 1
    with time_machine.travel(NOON + timedelta(minutes=10), tick=False), smtp_server(answering({})) as port:
        use_server(app, environment, port)
        promise(app, order_id, again="good", hold=False)
        assert deliver(app, compose) == 1
    with time_machine.travel(NOON + timedelta(minutes=36), tick=False), smtp_server(answering(refusing)) as port:
        use_server(app, environment, port)
        deliver(app)
    assert states(app) == ["failed", "sent"]
    assert read_trouble(app).stubborn == 0
