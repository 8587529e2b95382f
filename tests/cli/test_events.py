"""`storefront events`: what came, what it led to, and one look more, as often as one likes."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.db import db
from storefront.payments.webhook.queries import list_deliveries, list_unhandled
from tests.cli.commands import done, read_json, refused, run
from tests.support.databases import BOTH
from tests.support.factories import NOON, make_unhandled_event
from tests.support.plans import asked_of, read_whole
from tests.support.rows import change_rows, read_rows
from tests.support.sale import COMPLETED, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import make_event, post_event

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
PAID_LATER = "checkout.session.async_payment_succeeded"


@both
def test_lists_what_came_and_what_is_asked_for(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    assert "No events." in done(command, "events", "list")
    assert read_json(command, "events", "list") == []
    sale = sell(app, sandbox)
    sale.deliver(COMPLETED)
    sale.refund()
    sale.deliver("refund.created")
    assert [line["type"] for line in read_json(command, "events", "list")] == [COMPLETED, "refund.created"]
    assert [line["type"] for line in read_json(command, "events", "list", "--limit", "1")] == ["refund.created"]
    (line,) = done(command, "events", "list", "--type", COMPLETED).splitlines()
    assert line.endswith(f"{COMPLETED}  already_fulfilled")
    assert "No such events." in done(command, "events", "list", "--unhandled")
    change_rows(app, "UPDATE stripe_events SET mode = 'live'")
    assert "No events." in done(command, "events", "list")


@both
def test_finds_what_nobody_finished_without_reading_all_that_came(command: CliRunner, app: Flask) -> None:
    aside = {"handled_at": NOON, "outcome": "other_mode"}
    make_unhandled_event(app, "evt_late", COMPLETED, "cs_1")
    make_unhandled_event(app, "evt_aside", COMPLETED, "cs_2", mode="live", **aside)
    make_unhandled_event(app, "evt_of_live", COMPLETED, "cs_3", mode="live", livemode=True, **aside)
    make_unhandled_event(app, "evt_live", COMPLETED, "cs_4", mode="live", livemode=True)
    make_unhandled_event(app, "evt_done", COMPLETED, "cs_5", handled_at=NOON, outcome="fulfilled")
    with asked_of(app) as asked, app.app_context():
        listed = list_deliveries(limit=9, event_type=None, only_unhandled=True)
        assert [event.id for event in listed] == ["evt_aside", "evt_late"]
        assert {event.id for event in list_unhandled()} == {"evt_aside", "evt_late"}
        db.session.remove()
    assert len(asked) == 2
    assert read_whole(app, asked, trusts_limits=False) == []


@both
def test_shows_one_with_the_order_it_led_to(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.deliver(COMPLETED)
    sale.refund()
    sale.deliver("refund.created")
    for event in read_json(command, "events", "list"):
        shown = read_json(command, "events", "show", event["id"])
        assert shown == event | {"order": number_of(sale)}
        assert shown["attempts"] == 1
        assert f"order        {number_of(sale)}" in done(command, "events", "show", event["id"])


@both
def test_runs_what_nobody_finished_and_says_the_outcome(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    sale.deliver(COMPLETED)
    change_rows(app, "UPDATE stripe_events SET handled_at = NULL, outcome = NULL, last_error = 'StripeFault: x'")
    assert "unhandled - StripeFault: x" in done(command, "events", "list", "--unhandled")
    assert COMPLETED in done(command, "events", "run", "--unhandled")
    assert "No unhandled events." in done(command, "events", "run", "--unhandled")
    (row,) = read_json(command, "events", "list")
    before = read_rows(app, "SELECT * FROM grants ORDER BY id")
    for _twice in range(2):
        assert "already_fulfilled" in done(command, "events", "run", row["id"])
    assert read_rows(app, "SELECT * FROM grants ORDER BY id") == before
    assert read_json(command, "events", "show", row["id"])["handled_at"] == row["handled_at"]


@both
def test_tells_which_one_failed_and_runs_the_others(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    make_unhandled_event(app, "evt_1", PAID_LATER, "cs_test_gone")
    make_unhandled_event(app, "evt_2", "charge.refunded", "pi_gone", received_at=NOON + timedelta(days=1))
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=500, times=9)
    answer = run(command, "events", "run", "--unhandled")
    assert answer.exit_code == 1
    assert "evt_1" in answer.stderr
    assert "failed: " in answer.stderr
    assert answer.stdout.split() == ["evt_2", "charge.refunded", "not_ours"]


@pytest.mark.parametrize("action", ["show", "run"])
def test_says_what_to_do_about_one_that_never_came(command: CliRunner, app: Flask, action: str) -> None:
    said = refused(command, "events", action, "evt_missing")
    assert "There is no event evt_missing here." in said
    assert "`storefront reconcile`" in said


def test_leaves_an_event_of_another_mode_alone(command: CliRunner, app: Flask) -> None:
    event = make_event(COMPLETED, "cs_live_1", livemode=True)
    assert post_event(app, event).get_json() == {"outcome": "other_mode"}
    assert "another mode" in refused(command, "events", "run", event["id"])
    assert read_json(command, "events", "show", event["id"])["order"] is None


@pytest.mark.parametrize("words", [[], ["evt_1", "--unhandled"]])
def test_asks_which_events_to_run(command: CliRunner, app: Flask, words: list[str]) -> None:
    assert run(command, "events", "run", *words).exit_code == 2
