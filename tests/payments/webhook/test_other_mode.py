"""Events that came while Stripe's other mode ran: set aside then, and handled once their own mode runs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from storefront.core.measurements import flush
from storefront.owner.health.trouble import read_trouble
from storefront.payments.webhook.dispatch import run_unhandled
from storefront.payments.webhook.ledger import find_stuck
from tests.cli.commands import done, read_json, refused
from tests.payments.reconcile.sales import run, run_later
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import pay_for_twinspot
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import make_event, post_event
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
COMPLETED = "checkout.session.completed"
ROWS = "SELECT mode, outcome, last_error FROM stripe_events"
SET_ASIDE = {"mode": "live", "outcome": "other_mode", "last_error": None}
FULFILLED = {"mode": "sandbox", "outcome": "fulfilled", "last_error": None}


def set_aside(app: Flask, event: dict[str, Any]) -> None:
    """Have it come while the shop ran with live keys, as rows say it afterwards."""
    assert post_event(app, event | {"livemode": True}).get_json() == {"outcome": "other_mode"}
    change_rows(app, "UPDATE stripe_events SET mode = 'live', livemode = false")
    assert read_rows(app, ROWS) == [SET_ASIDE]


@pytest.fixture
def event(app: Flask, sandbox: SandboxClient) -> dict[str, Any]:
    """What tells of a paid Session, and came too early."""
    _buyer, session_id = pay_for_twinspot(app, sandbox)
    event = make_event(COMPLETED, session_id)
    set_aside(app, event)
    return event


def keys_of(app: Flask) -> int:
    return len(read_rows(app, "SELECT id FROM licenses"))


@both
def test_handles_what_is_sent_again_in_its_own_mode(app: Flask, event: dict[str, Any]) -> None:
    [before] = read_rows(app, "SELECT received_at FROM stripe_events")
    assert post_event(app, event).get_json() == {"outcome": "fulfilled"}
    assert (read_rows(app, ROWS), keys_of(app)) == ([FULFILLED], 1)
    [after] = read_rows(app, "SELECT received_at FROM stripe_events")
    assert after["received_at"] > before["received_at"]  # the webhook works in this mode
    with counted(app) as statements:
        assert post_event(app, event).get_json() == {"outcome": "duplicate"}
    assert len(statements) == 1
    assert (read_rows(app, ROWS), keys_of(app)) == ([FULFILLED], 1)


@both
def test_handles_it_once_when_it_comes_twice_at_the_same_moment(app: Flask, event: dict[str, Any]) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post_event(app, event), range(4)))
    outcomes = [answer.get_json()["outcome"] for answer in answers]
    assert outcomes.count("fulfilled") == 1
    assert set(outcomes) <= {"fulfilled", "already_fulfilled", "duplicate"}
    assert keys_of(app) == 1
    [row] = read_rows(app, ROWS)
    assert row["mode"] == "sandbox"
    assert row["outcome"] in ("fulfilled", "already_fulfilled")


@both
def test_takes_it_for_a_duplicate_in_the_other_mode(app: Flask, event: dict[str, Any]) -> None:
    change_rows(app, "UPDATE stripe_events SET mode = 'sandbox', livemode = true")
    for _ in range(2):
        with counted(app) as statements:
            assert post_event(app, event | {"livemode": True}).get_json() == {"outcome": "duplicate"}
        assert len(statements) == 1
    assert (read_rows(app, ROWS), keys_of(app)) == ([SET_ASIDE | {"mode": "sandbox"}], 0)


@both
def test_says_nothing_of_it_as_unhandled_in_the_other_mode(
    command: CliRunner, app: Flask, event: dict[str, Any]
) -> None:
    change_rows(app, "UPDATE stripe_events SET mode = 'sandbox', livemode = true")
    assert read_json(command, "events", "list", "--unhandled") == []
    assert "No unhandled events." in done(command, "events", "run", "--unhandled")
    assert "of another mode of Stripe" in refused(command, "events", "run", event["id"])
    assert (read_rows(app, ROWS), keys_of(app)) == ([SET_ASIDE | {"mode": "sandbox"}], 0)


@both
def test_leaves_to_its_own_mode_what_that_has_not_finished(app: Flask, event: dict[str, Any]) -> None:
    left = {"mode": "live", "outcome": None, "last_error": "unknown to acct_1"}
    change_rows(
        app, "UPDATE stripe_events SET handled_at = NULL, outcome = NULL, last_error = 'unknown to acct_1'"
    )
    for _ in range(2):
        assert post_event(app, event | {"livemode": True}).get_json() == {"outcome": "other_mode"}
    assert read_rows(app, f"{ROWS} WHERE handled_at IS NULL") == [left]


@both
def test_leaves_to_the_worker_what_fails_when_it_is_sent_again(
    app: Flask, sandbox: SandboxClient, event: dict[str, Any]
) -> None:
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=503, times=4)
    assert post_event(app, event).status_code == 503
    [left] = read_rows(app, f"{ROWS} WHERE handled_at IS NULL")
    assert (left["mode"], left["outcome"]) == ("sandbox", None)
    assert "stripe" in left["last_error"]
    sandbox.control("faults/clear")
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        for _ in range(2):
            with app.app_context():
                run_unhandled()
            assert (read_rows(app, ROWS), keys_of(app)) == ([FULFILLED], 1)


@both
@pytest.mark.parametrize("which", ["by its id", "unhandled"])
def test_is_run_again_by_its_owner(command: CliRunner, app: Flask, event: dict[str, Any], which: str) -> None:
    [listed] = read_json(command, "events", "list", "--unhandled")
    assert (listed["id"], listed["outcome"]) == (event["id"], "other_mode")
    words = [event["id"]] if which == "by its id" else ["--unhandled"]
    assert f"{event['id']}  {COMPLETED}  fulfilled" in done(command, "events", "run", *words)
    assert (read_rows(app, ROWS), keys_of(app)) == ([FULFILLED], 1)
    again = done(command, "events", "run", *words)
    assert ("already_fulfilled" if which == "by its id" else "No unhandled events.") in again
    assert (read_rows(app, ROWS), keys_of(app)) == ([FULFILLED], 1)
    assert post_event(app, event).get_json() == {"outcome": "duplicate"}


@both
def test_is_left_to_the_worker_where_running_it_again_fails(
    command: CliRunner, app: Flask, sandbox: SandboxClient, event: dict[str, Any]
) -> None:
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=503, times=4)
    change_rows(app, f"UPDATE stripe_events SET received_at = '{clock.now() - timedelta(hours=3)}'")
    assert "failed: " in refused(command, "events", "run", event["id"])
    with app.app_context():  # one try in vain
        assert find_stuck(older_than=timedelta(hours=1)) == []
    sandbox.control("faults/clear")
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True), app.app_context():
        run_unhandled()
    assert (read_rows(app, ROWS), keys_of(app)) == ([FULFILLED], 1)


@both
def test_is_taken_in_by_a_pass_which_finds_the_sale(app: Flask, sandbox: SandboxClient) -> None:
    run(app)
    _buyer, session_id = pay_for_twinspot(app, sandbox)
    [sent] = [event for event in sandbox.read("events")["data"] if event["type"] == COMPLETED]
    assert sent["data"]["object"]["id"] == session_id
    set_aside(app, sent)
    fixed = run_later(app)
    assert len(fixed) == 1
    assert keys_of(app) == 1
    [row] = read_rows(app, f"{ROWS} WHERE type = '{COMPLETED}'")
    assert row == {"mode": "sandbox", "outcome": "reconciled", "last_error": None}
    assert post_event(app, sent).get_json() == {"outcome": "duplicate"}


@both
@pytest.mark.parametrize("is_live", [True, False], ids=["other mode", "own mode"])
def test_takes_it_for_no_sign_that_the_webhook_works(app: Flask, sandbox: SandboxClient, is_live: bool) -> None:
    """Stripe's other mode has an endpoint of its own, which may work when this one's does not."""
    run(app)
    pay_for_twinspot(app, sandbox)
    _buyer, session_id = pay_for_twinspot(app, sandbox)
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        later = make_event(COMPLETED, session_id)
        for _ in range(2):
            assert post_event(app, later | {"livemode": is_live}).status_code == 200
        with app.app_context():
            flush(only_when_due=False)
            seen_at = read_trouble().last_event_at
    assert (seen_at is None) is is_live
    with time_machine.travel(clock.now() + timedelta(minutes=10), tick=True):
        told = {line.kind for line in run(app).needs_you}
    assert ("events_missing" in told) is is_live
