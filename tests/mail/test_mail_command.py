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
from storefront.mail.faults import UNUSABLE
from tests.mail.promises import deliver, promise, row, rows, states
from tests.support.databases import BOTH
from tests.support.factories import make_order
from tests.support.rows import change_rows, read_rows
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
    assert "failed  receipt  order ORDER1  ada@shop.example - recipient refused (550 5.1.1)" in shown[0]
    listed = json.loads(mail(command, "list", "--json").stdout)
    assert [entry["state"] for entry in listed] == ["failed", "failed", "sent"]
    assert "1 mail is in the queue again." in mail(command, "retry", str(listed[0]["id"])).stdout
    assert [(message["state"], message["attempts"]) for message in rows(app)][:2] == [("queued", 0), ("failed", 1)]
    assert "1 mail is in the queue again." in mail(command, "retry", str(listed[1]["id"])).stdout
    assert mail(command, "retry", "--failed").stdout == "0 mails are in the queue again.\n"
    deliver(app)
    assert [message["state"] for message in rows(app)] == ["sent"] * 3
    assert len(mailbox.messages()) == 3


DEAD = ["bounced (5.1.1)", "bounced", "recipient refused (550)", "recipient refused (554 5.1.10)", UNUSABLE]
MENDABLE = ["recipient refused (450)", "recipient refused (550), perhaps because of the account: check MAIL_FROM",
            "recipient refused (552 5.2.2)", "recipient refused (550 full)", "recipient refused (554)",
            "bounced (4.4.7)", "bounced (5.2.2)", "bounced (5.3.4)", "bounced (5.1.8)", "mail refused (554)",
            "given up", None]  # fmt: skip


def fail(app: Flask, *errors: str | None) -> None:
    order_id = make_order(app)
    for number, error in enumerate(errors):
        promise(app, order_id, again=str(number))
        change = "UPDATE outbox SET state = 'failed', last_error = :error WHERE state = 'queued'"
        change_rows(app, change, error=error)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_tries_no_dead_address_again_with_all_others(command: CliRunner, app: Flask) -> None:
    fail(app, *DEAD, *MENDABLE)
    said = mail(command, "retry", "--failed").stdout
    assert f"{len(MENDABLE)} mails are in the queue again." in said
    assert f"{len(DEAD)} mails are left out, because the address bounced or refused" in said
    assert states(app) == ["failed"] * len(DEAD) + ["queued"] * len(MENDABLE)
    assert "1 mail is in the queue again." in mail(command, "retry", str(rows(app)[0]["id"])).stdout


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_ends_what_failed(command: CliRunner, app: Flask) -> None:
    fail(app, "bounced (5.1.1)", None, "given up")
    first, *_others = (message["id"] for message in rows(app))
    assert "1 mail is canceled." in mail(command, "cancel", str(first)).stdout
    assert states(app) == ["canceled", "failed", "failed"]
    assert json.loads(mail(command, "cancel", "--failed", "--json").stdout) == {"canceled": 2}
    assert states(app) == ["canceled"] * 3
    said = [message["last_error"] for message in rows(app)]
    assert said == ["bounced (5.1.1), ended by the owner", "ended by the owner", "given up, ended by the owner"]
    assert json.loads(mail(command, "cancel", "--failed", "--json").stdout) == {"canceled": 0}
    answer = mail(command, "cancel", str(first))
    assert answer.exit_code == 1
    assert f"Mail {first} is canceled: nothing done." in answer.stderr


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
    assert mail(command, "cancel", *words).exit_code == 2


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
    (failed,) = read_rows(app, "SELECT id FROM outbox WHERE state = 'failed'")
    assert "1 mail is in the queue again." in mail(command, "retry", str(failed["id"])).stdout
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        run_worker_once(app)
    assert all(keys_on(str(message["text"])) == [] for message in mailbox.messages())
    (receipt,) = read_rows(app, "SELECT state, last_error FROM outbox WHERE kind = 'receipt'")
    assert receipt["state"] == "paused"
    assert "refunded" in receipt["last_error"]
