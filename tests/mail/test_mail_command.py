"""`storefront mail` as an owner types it: what failed and why, and once more after it is mended."""

import json
from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask

from storefront.cli import main
from storefront.core import clock
from storefront.devtools.mailbox.server import MailboxServer
from tests.mail.promises import deliver, promise, row, rows
from tests.support.databases import BOTH
from tests.support.factories import make_order
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, post_event, run_worker_once


def mail(command: CliRunner, *words: str) -> Result:
    return command.invoke(main, ["mail", *words])


def refuse(mailbox: MailboxServer, times: int = 1) -> None:
    mailbox.trouble.refuse_times = times
    mailbox.trouble.refuse_with = "550 5.1.1 No such user"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_shows_what_failed_and_sends_it_once_more(command: CliRunner, app: Flask, mailbox: MailboxServer) -> None:
    assert "No failed mails." in mail(command, "list", "--state", "failed").stdout
    refuse(mailbox, times=2)
    order_id = make_order(app)
    for number in range(3):
        promise(app, order_id, again=str(number), hold=False)
    deliver(app)
    shown = mail(command, "list", "--state", "failed").stdout.splitlines()
    assert len(shown) == 2
    assert "failed  receipt  order ORDER1  ada@shop.example - recipient refused (550)" in shown[0]
    listed = json.loads(mail(command, "list", "--json").stdout)
    assert [entry["state"] for entry in listed] == ["failed", "failed", "sent"]
    assert "1 mail is in the queue again." in mail(command, "retry", str(listed[0]["id"])).stdout
    assert [(message["state"], message["attempts"]) for message in rows(app)][:2] == [("queued", 0), ("failed", 1)]
    assert "1 mail is in the queue again." in mail(command, "retry", "--failed").stdout
    assert "0 mails are in the queue again." in mail(command, "retry", "--failed").stdout
    deliver(app)
    assert [message["state"] for message in rows(app)] == ["sent"] * 3
    assert len(mailbox.messages()) == 3


def test_refuses_to_send_again_what_did_not_fail(command: CliRunner, app: Flask, mailbox: MailboxServer) -> None:
    promise(app, make_order(app), hold=False)
    deliver(app)
    for mail_id, state in ((row(app)["id"], "sent"), (999, "not here")):
        answer = mail(command, "retry", str(mail_id))
        assert answer.exit_code == 1
        assert f"Mail {mail_id} is {state}: nothing done." in answer.stderr
    assert row(app)["state"] == "sent"


@pytest.mark.parametrize("words", [(), ("1", "--failed"), ("one",)])
def test_asks_which_mails_are_meant(command: CliRunner, app: Flask, words: tuple[str, ...]) -> None:
    assert mail(command, "retry", *words).exit_code == 2


def test_tells_the_buyer_of_a_refused_mail_and_sends_no_key_after_a_refund(
    command: CliRunner, app: Flask, mailbox: MailboxServer, sandbox: SandboxClient
) -> None:
    refuse(mailbox)
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    buyer.land(session_id)
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        run_worker_once(app)
        assert "email ada@example.com, so please bookmark" in buyer.land(session_id).text
        payment = str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)
        sandbox.stripe.v1.refunds.create({"payment_intent": payment})
    event = next(event for event in sandbox.read("events")["data"] if event["type"] == "charge.refunded")
    assert post_event(app, event).status_code == 200
    assert "1 mail is in the queue again." in mail(command, "retry", "--failed").stdout
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        run_worker_once(app)
    assert all(keys_on(str(message["text"])) == [] for message in mailbox.messages())
    (receipt,) = read_rows(app, "SELECT state, last_error FROM outbox WHERE kind = 'receipt'")
    assert receipt["state"] == "paused"
    assert "refunded" in receipt["last_error"]
