"""A mail server that is down loses nothing, is asked once a minute, and is named; one mail harms no other."""

from base64 import b64encode
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core.data_keys import DataKeySealed, make_data_key
from storefront.delivery.licenses.sealed import LICENSE_KEYS
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail import outbox
from storefront.mail.letter import Mail
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.mail.outbox import MAX_ATTEMPTS
from storefront.messages.compose import compose as compose_really
from tests.mail.promises import claim, compose, deliver, promise, read_trouble, release, row, rows, states
from tests.mail.smtp_server import answering, smtp_server, use_server
from tests.support.databases import BOTH
from tests.support.factories import NOON, make_order
from tests.support.rows import change_rows
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
DOWN = "no usable answer (ConnectionRefusedError): check MAIL_SERVER and MAIL_PORT"


@both
def test_loses_nothing_when_the_server_is_down_for_two_days(app: Flask, mailbox: MailboxServer) -> None:
    order_id = make_order(app)
    mailbox.go_down()
    try:
        with time_machine.travel(NOON, tick=False):
            for number in range(3):
                promise(app, order_id, again=str(number), hold=False)
        for hours in range(48):
            with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
                assert deliver(app) == 1, "one connection a run, not one a mail"
                assert deliver(app) == 0, "nor one a nudge"
    finally:
        mailbox.go_up()
    assert {(message["state"], message["attempts"], message["last_error"]) for message in rows(app)} == {
        ("queued", 0, DOWN)
    }
    with time_machine.travel(NOON + timedelta(hours=48), tick=False):
        assert (read_trouble(app).since, read_trouble(app).why) == (NOON, DOWN)
        assert deliver(app) == 3
        assert (read_trouble(app).since, read_trouble(app).why) == (None, None)
    assert states(app) == ["sent"] * 3
    assert len(mailbox.messages()) == 3


def test_asks_again_a_minute_later_and_not_before(app: Flask, mailbox: MailboxServer) -> None:
    order_id = make_order(app)
    mailbox.go_down()
    try:
        with time_machine.travel(NOON, tick=False):
            promise(app, order_id, hold=False)
            deliver(app)
    finally:
        mailbox.go_up()
    with time_machine.travel(NOON + timedelta(seconds=30), tick=False):
        promise(app, order_id, again="new", hold=False)
        release(app, order_id)
        assert deliver(app) == 0
        assert read_trouble(app).since == NOON, "a release does not hide since when"
    with time_machine.travel(NOON + timedelta(seconds=59), tick=False):
        assert deliver(app) == 2
    assert states(app) == ["sent", "sent"]


@pytest.mark.parametrize("is_down", [False, True])
def test_waits_for_no_clock_that_was_put_back(app: Flask, mailbox: MailboxServer, is_down: bool) -> None:
    """Promised, refused and met by a server that was down while the clock was three days ahead."""
    order_id = make_order(app)
    mailbox.trouble.refuse_times = 1
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        promise(app, order_id, hold=False)
        deliver(app)
        promise(app, order_id, again="held")
        if is_down:
            mailbox.go_down()
            promise(app, order_id, again="met it", hold=False)
            deliver(app)
            mailbox.go_up()
    with time_machine.travel(NOON, tick=False), app.app_context():
        assert outbox.bring_forward() == 2 + is_down
        assert outbox.bring_forward() == 0
        assert deliver(app) == 2 + is_down
    assert set(states(app)) == {"sent"}


def test_takes_from_a_worker_that_died_while_its_clock_was_ahead(app: Flask, mailbox: MailboxServer) -> None:
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        assert claim(app) is not None
    with time_machine.travel(NOON, tick=False):
        assert deliver(app) == 1
    assert states(app) == ["sent"]


def test_leaves_later_hours_as_they_are(app: Flask, mailbox: MailboxServer) -> None:
    mailbox.trouble.refuse_times = 5
    now = NOON
    for minutes in (0, 1, 5, 30, 120):
        now += timedelta(minutes=minutes)
        with time_machine.travel(now, tick=False):
            if minutes == 0:
                promise(app, make_order(app), hold=False)
            assert deliver(app) == 1
    with time_machine.travel(now, tick=False), app.app_context():
        assert outbox.bring_forward() == 0, "the next try is half a day away"


def test_counts_what_waits(app: Flask, mailbox: MailboxServer) -> None:
    order_id = make_order(app)
    with time_machine.travel(NOON, tick=False):
        nothing = read_trouble(app)
        promise(app, order_id, hold=False)
        promise(app, order_id, again="held")
    with time_machine.travel(NOON + timedelta(seconds=60), tick=False):
        waiting = read_trouble(app)
    assert (nothing.why, nothing.since, nothing.oldest_due_at) == (None, None, None)
    assert set(nothing.counts.values()) == {0}
    assert (waiting.why, waiting.oldest_due_at) == (None, NOON)
    assert waiting.counts[MailState.QUEUED] == 2


@pytest.mark.parametrize(
    "replies",
    [
        {"MAIL": "421 busy"},
        {"RCPT": "421 busy"},
        {"MAIL": "454 later"},
        {"MAIL": "550 who are you"},
        {"EHLO": "500 what", "HELO": "500 what"},
    ],
)
def test_ends_the_run_when_the_server_refuses_the_shop(
    app: Flask, environment: dict[str, str], replies: dict[str, str]
) -> None:
    order_id = make_order(app)
    with smtp_server(answering(replies)) as port:
        use_server(app, environment, port)
        for number in range(3):
            promise(app, order_id, again=str(number), hold=False)
        assert deliver(app) == 1
    assert [(message["state"], message["attempts"]) for message in rows(app)] == [("queued", 0)] * 3


@pytest.mark.parametrize("hang_up_after", ["", "EHLO", "MAIL"])
def test_counts_no_try_when_the_server_goes_before_it_judged_the_recipient(
    app: Flask, environment: dict[str, str], hang_up_after: str
) -> None:
    greeting = "220 here" if hang_up_after else "554 not today"
    with smtp_server(answering({}, greeting=greeting, hang_up_after=hang_up_after or "QUIT")) as port:
        use_server(app, environment, port)
        promise(app, make_order(app), hold=False)
        assert deliver(app) == 1
    assert (row(app)["state"], row(app)["attempts"]) == ("queued", 0)


@pytest.mark.parametrize(
    ("hang_up_after", "replies"),
    [("RCPT", {}), ("DATA", {}), ("QUIT", {"DATA": "421 busy"}), ("QUIT", {"END": "421 busy"})],
)
def test_counts_a_try_when_the_server_dies_of_the_mail_and_goes_on(
    app: Flask, environment: dict[str, str], hang_up_after: str, replies: dict[str, str]
) -> None:
    """Else one mail that upsets the server each time would hold up all others for ever."""
    order_id = make_order(app)
    with smtp_server(answering(replies, hang_up_after=hang_up_after)) as port:
        use_server(app, environment, port)
        for number in range(2):
            promise(app, order_id, again=str(number), hold=False)
        assert deliver(app) == 2
    assert [(message["state"], message["attempts"]) for message in rows(app)] == [("queued", 1)] * 2


@pytest.mark.parametrize(
    ("replies", "state"),
    [
        ({"MAIL": "552 5.3.4 too big"}, "failed"),
        ({"EHLO": "250-here\r\n250 SIZE 100", "MAIL": "552 no"}, "failed"),
        ({"EHLO": "250-here\r\n250 SIZE 100000000", "MAIL": "552 5.2.2 Your quota is used up"}, "queued"),
    ],
)
def test_tells_a_mail_that_is_too_big_from_a_quota(
    app: Flask, environment: dict[str, str], replies: dict[str, str], state: str
) -> None:
    with smtp_server(answering(replies)) as port:
        use_server(app, environment, port)
        promise(app, make_order(app), hold=False)
        deliver(app)
    assert row(app)["state"] == state


def test_sends_good_mails_between_bad_ones(app: Flask, mailbox: MailboxServer) -> None:
    mailbox.trouble.refuse_address = "bad"
    mailbox.trouble.refuse_times = 100
    order_id = make_order(app)
    for number in range(6):
        recipient = f"{'good' if number % 2 else 'bad'}{number}@shop.example"
        promise(app, order_id, again=str(number), recipient=recipient, hold=False)
    assert deliver(app) == 6
    assert states(app) == ["queued", "sent"] * 3


def test_asks_for_another_mail_first_when_one_upset_the_server(app: Flask, mailbox: MailboxServer) -> None:
    """Take a 421 at its recipient for a server that is down; the others leave all the same."""
    mailbox.trouble.refuse_address = "upsetting@"
    mailbox.trouble.refuse_times = 100
    mailbox.trouble.refuse_with = "421 4.3.2 Closing"
    order_id = make_order(app)
    asked: list[str] = []

    def note(message: OutboxMessage) -> Mail:
        asked.append(message.recipient.split("@")[0])
        return compose(message)

    with time_machine.travel(NOON, tick=False):
        promise(app, order_id, again="bad", recipient="upsetting@shop.example", hold=False)
        promise(app, order_id, again="good", hold=False)
    with time_machine.travel(NOON + timedelta(seconds=1), tick=False):
        deliver(app, note)
    with time_machine.travel(NOON + timedelta(minutes=1, seconds=1), tick=False):
        deliver(app, note)
    assert asked == ["upsetting", "ada", "upsetting"]
    assert states(app) == ["queued", "sent"]


@both
def test_waits_for_the_secret_key_that_opens_what_is_sealed(app: Flask, mailbox: MailboxServer) -> None:
    def sealed(message: OutboxMessage) -> Mail:
        raise DataKeySealed(f"SECRET_KEY was changed: {message.recipient}")

    order_id = make_order(app)
    with time_machine.travel(NOON, tick=False) as now:
        for number in range(2):
            promise(app, order_id, again=str(number), hold=False)
        for _ in range(MAX_ATTEMPTS + 1):
            assert deliver(app, sealed) == 1, "one a run"
            now.shift(60)
        assert [(message["state"], message["attempts"]) for message in rows(app)] == [("queued", 0)] * 2
        assert "SECRET_KEY" in str(read_trouble(app).why)
        assert deliver(app) == 2
    assert states(app) == ["sent", "sent"]


@both
def test_waits_for_no_key_that_was_changed_in_the_database(
    app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    """It is the trouble of one mail: the others leave, and nobody is told that the server is down."""
    with app.app_context():
        make_data_key(LICENSE_KEYS)
    for email in ("ada@example.com", "bob@example.com"):
        sell(app, sandbox, email=email).deliver(COMPLETED)
    changed = "sealed:1:" + b64encode(bytes(40)).decode()
    change_rows(app, "UPDATE licenses SET key = :key WHERE id = (SELECT min(id) FROM licenses)", key=changed)
    assert deliver(app, compose_really) == 2
    first, second = rows(app)
    assert (first["state"], first["attempts"], second["state"]) == ("queued", 1, "sent")
    assert "was changed" in first["last_error"]
    assert read_trouble(app).why is None


def test_leaves_a_mail_of_newer_code_to_it_and_goes_on(app: Flask, mailbox: MailboxServer) -> None:
    order_id = make_order(app)
    promise(app, order_id, kind="of_tomorrow", hold=False)
    promise(app, order_id, kind=MailKind.WAITING_FOR_BANK, hold=False)
    assert deliver(app, compose_really) == 2
    first, second = rows(app)
    assert (first["state"], first["attempts"]) == ("paused", 0)
    assert second["state"] != "queued"
