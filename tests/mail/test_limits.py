"""A provider's limit of what an account may send: nothing is given up for it, and no address is blamed."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from smtplib import SMTPDataError, SMTPSenderRefused

import pytest
import time_machine
from flask import Flask

from storefront.core.db import db
from storefront.mail.failures import select_dead_addresses
from storefront.mail.faults import MailRefused, MailServerDown, of_the_recipient, of_the_sender, of_the_text
from tests.mail.promises import deliver, promise, read_trouble, rows, states
from tests.mail.smtp_server import answering, smtp_server, use_server
from tests.support.databases import BOTH
from tests.support.factories import NOON, make_order

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
GMAIL = "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to"
EXIM = "550 Domain shop.example has exceeded the max emails per hour (100/100 (100%)) allowed. Message discarded."
LATER = NOON + timedelta(minutes=5)
LIMITS = [
    GMAIL,
    EXIM,
    "450 4.2.1 Peak SMTP relay limit exceeded for customer.",
    "452 4.4.5 Insufficient disk space; try again later",
    "454 Throttling failure: Daily message quota exceeded.",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    "550 5.7.1 Daily SMTP relay limit exceeded for customer.",
    "552 5.2.2 Submission quota exceeded",
    "554 5.7.1 <a@shop.example>: Recipient address rejected: You have exceeded your quota",
    "554 Transaction failed\nMail send limit exceeded",
    "550 too many messages from this account",
    "550 Daily SMTP relay limit exceeded for this user",
    "550 You exceeded the sending limit for this mailbox",
    "550 Outgoing message limit for this mailbox exceeded",
    "550 This mailbox may have 100 emails/day: quota exceeded",
    "554 Too many emails per hour for this user",
    "554 Too many emails for this user",
    "550 Your daily quota is used up, so nothing was handed to the recipient",
    "550 Sending limit exceeded, retry tomorrow",
    "550 Hourly limit exceeded: access is closed until then",
    "451 Hourly sending quota for this user exceeded",
    "452 Sending limit exceeded for this user",
    "550 5.7.1 Daily sending quota exceeded, because of suspected spam",
    "550 Hourly email limit of this account exceeded: too much spam",
    "550 Account suspended for spam: too many messages per hour",
    "450 The limit on outgoing mails is exceeded: retry in an hour",
]
NO_LIMITS = [
    "550 5.1.1 <limit@quota.example>: Recipient address rejected: User unknown",
    "550 no such user",
    "451 4.7.1 Greylisted, come back in 5 minutes",
    "452 4.2.2 The email account that you tried to reach is over quota",
    "452 <a@shop.example> Mailbox over quota",
    "552 5.2.2 <a@shop.example>: Quota exceeded (mailbox for user is full)",
    "552 Requested mail action aborted: exceeded storage allocation",
    "452 Too many messages for this recipient in the last hour",
    "450 Too many messages to that mailbox",
    "450 Too many messages for the recipient",
    "550 Too many messages per hour for this recipient",
    "550 5.2.1 The user is receiving mail at a rate that exceeds a limit per hour",
    "552 5.3.4 Message size exceeds fixed limit",
    "552 5.2.3 Your message exceeded Google's message size limits, see sending limits",
    "554 5.4.6 Hop count exceeded",
    "550 5.6.0 Line length exceeds the limit",
    "454 Throttling failure: Maximum sending rate exceeded.",
    "554 Message rejected: Email address is not verified",
    "554 5.7.1 Message rejected: its spam score exceeds the threshold",
    "550 Access limited to members of this list",
    "550 5.7.1 Unlimited bulk mail is not wanted here",
    "550 5.1.1 user unknown, see https://mail.example/help/limits",
    "450 4.7.1 Greylisted: retry limit not reached",
    "550 5.7.1 Too many URLs: exceeds the maximum of links",
    "554 5.7.1 Its spam score exceeds the limit: send it without links, or tell us that you sent no spam",
    "554 5.7.1 Rejected as spam. The limit of spam messages per hour is exceeded",
    "451 4.7.1 Greylisted: too many messages per hour of a new sender, send it again in 5 minutes",
    "450 4.7.1 Grey-listing: the limit for new senders is exceeded, retry sending after 300 seconds",
    "450 Graylisted: exceeded what is taken per hour, please retry",
    "450 4.7.1 Deferred: the retry limit is not reached, please send it again",
    "452 4.2.2 The mailbox is over quota: nothing can be sent to it, try sending it in an hour",
    "552 The inbox exceeded its storage. It is cleared daily",
]


@contextmanager
def replying(app: Flask, environment: dict[str, str], **replies: str) -> Iterator[None]:
    with smtp_server(answering(replies)) as port:
        use_server(app, environment, port)
        yield


@pytest.mark.parametrize(
    ("said", "is_limit"), [(said, True) for said in LIMITS] + [(said, False) for said in NO_LIMITS]
)
def test_tells_a_limit_of_the_account_from_one_of_a_mail_or_a_mailbox(said: str, is_limit: bool) -> None:
    code, reply = int(said[:3]), said[4:].encode()
    faults = (
        of_the_sender(SMTPSenderRefused(code, reply, "shop@shop.example"), size=1, size_limit=0),
        of_the_recipient(code, reply),
        of_the_text(SMTPDataError(code, reply)),
    )
    words = f"it takes no more mails of this account for now ({code}), by a limit of its own"
    assert [str(fault) == words for fault in faults] == [is_limit] * 3
    assert {type(fault) for fault in faults[1:]} == {MailServerDown if is_limit else MailRefused}


@both
@pytest.mark.parametrize(("step", "said"), [("MAIL", EXIM), ("RCPT", EXIM), ("END", GMAIL)])
def test_keeps_all_that_waits_until_the_account_may_send_again(
    app: Flask, environment: dict[str, str], step: str, said: str
) -> None:
    """Longer than any mail is tried else, and whatever left before."""
    order_id = make_order(app)
    with time_machine.travel(NOON, tick=False) as clock:
        promise(app, order_id, again="waits", hold=False, not_before=LATER)
        promise(app, order_id, again="also", recipient="eve@shop.example", hold=False, not_before=LATER)
        promise(app, order_id, again="left", hold=False)
        clock.shift(timedelta(seconds=1))
        with replying(app, environment):
            assert deliver(app) == 1
        with replying(app, environment, **{step: said}):
            for hours in (1, 5, 12, 30):
                clock.shift(timedelta(hours=hours))
                assert deliver(app) == 1, "one connection a run"
        kept = [(message["state"], message["attempts"]) for message in rows(app)]
        assert kept == [("queued", 0), ("queued", 0), ("sent", 1)]
        assert "by a limit of its own" in str(read_trouble(app).why)
        with app.app_context():
            assert db.session.scalars(select_dead_addresses()).all() == []
        clock.shift(timedelta(minutes=1))
        with replying(app, environment):
            assert deliver(app) == 2
    assert states(app) == ["sent"] * 3


def test_gives_no_text_up_for_what_left_before_its_first_try(app: Flask, environment: dict[str, str]) -> None:
    order_id = make_order(app)
    with time_machine.travel(NOON, tick=False):
        promise(app, order_id, again="refused", recipient="eve@shop.example", hold=False, not_before=LATER)
        promise(app, order_id, again="left", hold=False)
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False), replying(app, environment):
        assert deliver(app) == 1
    with time_machine.travel(LATER, tick=False), replying(app, environment, END="554 come back tomorrow"):
        assert deliver(app) == 1
    assert states(app) == ["queued", "sent"]


def refuse_odd_texts(connection: socket.socket) -> None:
    """Take what is mailed to Ada; of all others say what reads like a limit of the account."""
    lines, in_text, is_odd = connection.makefile("rb"), False, False
    connection.sendall(b"220 here\r\n")
    for line in lines:
        if in_text and line != b".\r\n":
            continue
        verb = "END" if in_text else line.split()[0].decode().upper()
        in_text = verb == "DATA"
        is_odd = b"odd" in line if verb == "RCPT" else is_odd
        reply = "354 go on" if in_text else "550 Quota exceeded" if verb == "END" and is_odd else "250 fine"
        connection.sendall(f"{reply}\r\n".encode())
        if verb == "QUIT":
            break


@both
def test_believes_in_a_limit_only_while_no_other_email_leaves(app: Flask, environment: dict[str, str]) -> None:
    """Else one whose text is never taken would be tried for ever, and keep others waiting."""
    order_id = make_order(app)
    with time_machine.travel(NOON, tick=False) as clock, smtp_server(refuse_odd_texts) as port:
        use_server(app, environment, port)
        promise(app, order_id, again="odd", recipient="odd@shop.example", hold=False)
        for day in range(7):
            promise(app, order_id, again=f"good {day}", recipient="ada@shop.example", hold=False)
            for _hour in range(24):
                deliver(app)
                clock.shift(timedelta(hours=1))
    odd, *good = rows(app)
    assert (odd["state"], odd["attempts"]) == ("failed", 6)
    assert {row["state"] for row in good} == {"sent"}
