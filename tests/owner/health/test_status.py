"""`storefront status` and `/readyz`: the same trouble from one place, made to happen and mended."""

from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.core.measurements import BAD_SIGNATURE_AT, WORKER_SEEN_AT, flush, measurements
from storefront.devtools.mailbox.server import MailboxServer
from storefront.owner.health.trouble import read_trouble
from storefront.shop.profile.change import change_profile
from storefront.worker import retry_events
from tests.cli.commands import done, read_json, refused, run
from tests.payments.reconcile.sales import days_ago
from tests.payments.reconcile.sales import run as reconcile
from tests.support.databases import BOTH
from tests.support.many_orders import copy_order
from tests.support.rows import change_rows
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import make_event, post_event, run_worker_once

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def beat(app: Flask) -> None:
    """What the worker does every minute."""
    with app.app_context():
        retry_events()


def codes(command: CliRunner, app: Flask) -> list[str]:
    """Of the command, which must say the same as the probe."""
    told = read_json(command, "status")["warnings"]
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["warnings"] == told
    return [warning["code"] for warning in told]


@both
def test_counts_a_sale_and_finds_no_trouble(
    command: CliRunner, app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    beat(app)
    assert codes(command, app) == []
    sale = sell(app, sandbox)
    sale.deliver(COMPLETED)
    sale.work()
    reconcile(app)
    page = done(command, "status", "--check")
    assert page.startswith("No trouble.\n")
    assert "Orders     1 today, 1 in all (1 fulfilled)" in page
    assert "Mails      1 (1 sent)" in page
    told = read_json(command, "status")
    assert told["orders"] == {"fulfilled": 1, "awaiting_payment": 0, "not_paid": 0}
    assert told["grants"]["license"] == len(sale.keys)
    assert told["events"] == {"already_fulfilled": 1}
    assert told["reconciled_at"]


@both
def test_counts_today_as_the_list_of_orders_has_it(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    copy_order(app, 1)
    for number, placed_at in ((1, "2026-11-30 09:59:59+00:00"), (2, "2026-11-30 10:00:01+00:00")):
        change_rows(app, "UPDATE orders SET placed_at = :at WHERE id = :id", at=placed_at, id=number)
    for zone, now, day, count in (
        ("", "2026-11-30T12:00Z", "2026-11-30", 2),
        ("", "2026-12-01T02:00Z", "2026-12-01", 0),
        ("Pacific/Kiritimati", "2026-11-30T12:00Z", "2026-12-01", 1),
        ("America/Los_Angeles", "2026-12-01T02:00Z", "2026-11-30", 2),
    ):
        with app.app_context():
            change_profile({"time_zone": zone})
        with time_machine.travel(now, tick=False):
            assert f"Orders     {count} today, 2 in all" in done(command, "status"), (zone, now)
            assert read_json(command, "status")["orders_today"] == count
            assert len(read_json(command, "orders", "list", "--since", day, "--until", day)) == count, (zone, now)


@both
def test_misses_the_worker_until_it_is_at_work_again(command: CliRunner, app: Flask) -> None:
    assert codes(command, app) == ["worker_silent"]
    with days_ago(1):
        beat(app)
    assert codes(command, app) == ["worker_silent"]
    assert run(command, "status", "--check").exit_code == 1
    assert done(command, "status").startswith("! The worker has been silent for ")
    beat(app)
    assert codes(command, app) == []


@both
def test_tells_of_a_delivery_that_nobody_could_finish(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=500, times=99)
    with days_ago(1):
        assert post_event(app, make_event(COMPLETED, "cs_test_" + "a" * 20)).status_code == 503
    beat(app)
    assert codes(command, app) == ["events_unhandled"]


@both
def test_tells_of_a_mail_server_that_is_down_until_it_is_up(
    command: CliRunner, app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    sale = sell(app, sandbox)
    sale.deliver(COMPLETED)
    mailbox.go_down()
    try:
        run_worker_once(app)
        beat(app)
        assert codes(command, app) == ["mail_server_down"]
    finally:
        mailbox.go_up()
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        run_worker_once(app)
        assert codes(command, app) == []


@both
def test_tells_of_a_mail_that_is_late_and_of_one_given_up(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    sale.deliver(COMPLETED)
    with time_machine.travel(clock.now() + timedelta(minutes=20), tick=True):
        beat(app)
        assert codes(command, app) == ["mails_late"]
    change_rows(app, "UPDATE outbox SET state = 'failed'")
    beat(app)
    assert codes(command, app) == ["mails_failed"]


@both
def test_tells_of_a_comparison_that_is_overdue(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    beat(app)
    with days_ago(1):
        reconcile(app)
    assert codes(command, app) == ["reconcile_late"]
    with days_ago(-2):  # a clock that was ahead
        reconcile(app)
    assert codes(command, app) == ["reconcile_late"]
    reconcile(app)
    assert codes(command, app) == []


@both
def test_believes_nothing_that_a_clock_ahead_has_written(
    command: CliRunner, app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    with days_ago(-30):
        beat(app)
        sale = sell(app, sandbox)
        sale.deliver(COMPLETED)
        sale.work()
        with app.app_context():
            measurements().see(WORKER_SEEN_AT, "w1")
            flush(only_when_due=False)
    with app.app_context():
        measurements().see(BAD_SIGNATURE_AT)
        flush(only_when_due=False)
        trouble = read_trouble()
        db.session.remove()
    assert (trouble.worker_seen_at, trouble.workers, trouble.last_event_at) == (None, (), None)
    assert codes(command, app)[:2] == ["worker_silent", "signatures_bad"]
    # What the server refuses today is not mended by an email of the future.
    sell(app, sandbox).deliver(COMPLETED)
    change_rows(
        app,
        "UPDATE outbox SET last_error = 'the mail server hung up', attempts = 1, claimed_at = :at"
        " WHERE state = 'queued'",
        at=str(clock.now() - timedelta(hours=1)),
    )
    beat(app)
    assert codes(command, app) == ["mail_server_down"]


@both
def test_points_to_the_list_of_what_needs_the_owner(
    command: CliRunner, app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    beat(app)
    sale = sell(app, sandbox)
    sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.dispute.")
    assert codes(command, app) == ["needs_you"]
    for notice in read_json(command, "needs-you"):
        done(command, "needs-you", "--done", str(notice["id"]))
    assert codes(command, app) == []


@pytest.mark.parametrize("email", ["", "you@example.com"])
def test_misses_the_settings_that_an_owner_forgets(
    command: CliRunner, environment: dict[str, str], app: Flask, email: str
) -> None:
    beat(app)
    forgotten = {"OWNER_EMAIL": email, "STRIPE_WEBHOOK_SECRET": "", "STRIPE_API_BASE": "https://api.stripe.com"}
    command.env = environment | forgotten
    told = read_json(command, "status")
    assert [warning["code"] for warning in told["warnings"]] == ["webhook_secret_missing", "owner_email_missing"]


def test_says_how_to_migrate_a_database_that_is_behind(command: CliRunner, app: Flask) -> None:
    change_rows(app, "UPDATE alembic_version SET version_num = 'old'")
    assert "storefront db upgrade" in refused(command, "status")
