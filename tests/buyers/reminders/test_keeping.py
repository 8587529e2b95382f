"""What is kept of people who left and never bought: shown to them, erased for them, gone after thirty days."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask

from storefront.buyers.account.change_address import move_customer
from storefront.core import clock
from storefront.worker import forget_hourly
from tests.cli.commands import done, refused
from tests.support.databases import BOTH
from tests.support.left import REMINDERS, deliver, leave, open_link, remind, reminders, work_later
from tests.support.plans import asked_of, read_whole
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA
from tests.support.sign_in import make_customer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
KEPT = "SELECT email, email_key, url, lines, forgotten_at FROM abandoned_checkouts"


@pytest.fixture
def command(environment: dict[str, str]) -> CliRunner:
    return CliRunner(env=environment | {"STOREFRONT_ENV_FILE": ""})


@pytest.fixture
def left(app: Flask, sandbox: SandboxClient) -> str:
    """The Session of somebody who never bought, whose reminder waits."""
    remind(app)
    _buyer, session_id = leave(app, sandbox)
    deliver(app, sandbox)
    return session_id


def forget(app: Flask, *, days: float) -> None:
    with time_machine.travel(clock.now() + timedelta(days=days), tick=True), app.app_context():
        forget_hourly()


def assert_nothing_names_ada(app: Flask) -> None:
    (row,) = read_rows(app, KEPT)
    assert (row["email"], row["email_key"], row["url"]) == ("", "", "")
    assert row["lines"] in ("[]", [])
    assert row["forgotten_at"] is not None
    assert [row["recipient"] for row in read_rows(app, REMINDERS)] == [""]


@both
def test_is_gone_after_thirty_days_and_never_told_again(app: Flask, sandbox: SandboxClient, left: str) -> None:
    forget(app, days=29)
    assert read_rows(app, KEPT)[0]["email"] == ADA
    with asked_of(app) as asked:
        forget(app, days=30.1)
    mails = {sql: values for sql, values in asked.items() if sql.startswith("UPDATE outbox")}
    assert len(mails) == 2
    assert read_whole(app, mails, trusts_limits=True) == []
    assert_nothing_names_ada(app)
    assert reminders(app) == [("canceled", "what it tells of was deleted")]
    assert left
    deliver(app, sandbox)  # an event that Stripe repeats
    assert_nothing_names_ada(app)


@both
def test_is_shown_and_erased_for_who_never_bought(
    app: Flask, sandbox: SandboxClient, command: CliRunner, mailbox: Any, left: str
) -> None:
    exported = json.loads(done(command, "customers", "export", ADA))
    (shown,) = exported["left_at_checkout"]
    assert (shown["total"], shown["items"]) == ("$19.00", [{"what": "Twinspot (Personal)", "quantity": 1}])
    assert "What was left at Checkout is deleted (1)" in done(command, "customers", "erase", ADA, "--yes")
    assert_nothing_names_ada(app)
    assert "left a checkout" in refused(command, "customers", "erase", ADA, "--yes")
    assert "left a checkout" in refused(command, "customers", "export", ADA)
    leave(app, sandbox)  # from a Session that was open all the time
    deliver(app, sandbox)
    work_later(app)
    assert mailbox.messages() == []
    assert_nothing_names_ada(app)


def test_is_shown_and_erased_with_what_was_bought(
    app: Flask, sandbox: SandboxClient, command: CliRunner, left: str
) -> None:
    sell(app, sandbox)
    exported = json.loads(done(command, "customers", "export", ADA))
    assert len(exported["orders"]) == len(exported["left_at_checkout"]) == 1
    assert left
    done(command, "customers", "erase", ADA, "--yes")
    assert_nothing_names_ada(app)


def test_counts_what_became_of_it(app: Flask, sandbox: SandboxClient, command: CliRunner, left: str) -> None:
    assert "0 sent, 1 waiting, 0 not sent" in done(command, "shop", "reminders")
    copy = open_link(sandbox, left)
    sandbox.pay(copy)
    deliver(app, sandbox, COMPLETED)
    told = json.loads(done(command, "shop", "reminders", "--json"))
    assert told["sends_reminders"] is True
    assert told["recovered"] == [{"currency": "usd", "orders": 1, "total_minor": 1900}]
    assert "1 recovered in USD, $19.00." in done(command, "shop", "reminders", "--off")
    assert "Reminders are off." in done(command, "shop", "reminders")


def test_is_forgotten_with_the_address_that_its_buyer_left(app: Flask, sandbox: SandboxClient) -> None:
    """Nobody is written to where they are not any more, and erasing them later leaves nothing behind."""
    make_customer(app)
    remind(app)
    leave(app, sandbox)
    deliver(app, sandbox)
    with app.test_request_context():
        move_customer(ADA, "eve@example.com")
    assert_nothing_names_ada(app)
