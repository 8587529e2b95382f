"""Events of an account that was left: they wait for its key, and their owner reads of them once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from storefront.owner.health.figures import read_figures
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from storefront.owner.retention.run import forget_some
from storefront.payments.reconcile.report import ReportLine
from storefront.payments.webhook.dispatch import run_unhandled
from storefront.stripe_api.account import UNKNOWN
from tests.payments.reconcile.sales import refund, run, sell, start
from tests.support.keys import account_of, use_dead_key, use_other_account, use_restricted_key, use_secret_key
from tests.support.payment_links import make_link, visit
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import make_event, post_event
from tests.support.warned import warnings_of

COMPLETED = "checkout.session.completed"
LEFT = {"outcome": "unknown_to_key"}
EVENTS = "SELECT outcome, last_error FROM stripe_events WHERE type <> 'charge.updated' ORDER BY id"


SESSIONS = "/v1/checkout/sessions"


@contextmanager
def other_account(app: Flask, *, is_restricted: bool = False) -> Iterator[SandboxClient]:
    with SandboxServer(SandboxConfig(port=0)) as server:
        other = SandboxClient(server)
        use_other_account(app, other, is_restricted=is_restricted)
        yield other


def work(app: Flask) -> None:
    with app.app_context():
        run_unhandled()
        db.session.remove()


def pass_time(app: Flask, hours: int) -> list[ReportLine]:
    """The worker and passes of so many hours; what is left for the owner."""
    lines: list[ReportLine] = []
    for hour in range(1, hours, 3):
        with time_machine.travel(clock.now() + timedelta(hours=hour), tick=True):
            work(app)
            lines += run(app).needs_you
    return lines


@pytest.mark.parametrize("is_restricted", [False, True], ids=["secret", "restricted"])
@pytest.mark.parametrize("way", ["link", "checkout"])
def test_hands_out_what_was_paid_in_an_account_that_was_left_once_its_key_is_back(
    app: Flask, sandbox: SandboxClient, way: str, is_restricted: bool
) -> None:
    run(app)
    url = make_link(app, "twinspot/Personal")
    session_id = start(app)[1] if way == "checkout" else ""
    with other_account(app, is_restricted=is_restricted) as other:
        session_id = session_id or visit(url)
        sandbox.pay(session_id, email="alice@example.com")
        event = make_event(COMPLETED, session_id)
        for _ in range(2):
            assert post_event(app, event).get_json() == LEFT
        lines = pass_time(app, 30)
        assert {line.subject for line in lines if line.kind == "event_stuck"} == {"of another account"}
        other.forget_calls()
        work(app)
        assert other.calls(SESSIONS) == [], "asked once, and not each minute"
    use_secret_key(app, sandbox)
    with time_machine.travel(clock.now() + timedelta(hours=30), tick=True):
        for _ in range(2):
            work(app)
        assert read_rows(app, "SELECT email FROM orders") == [{"email": "alice@example.com"}]
        assert run(app).needs_you == ()
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    assert read_rows(app, EVENTS) == [{"outcome": "fulfilled", "last_error": None}]


def test_hands_out_what_was_paid_in_an_account_that_was_left_where_no_key_says_whose_it_is(
    app: Flask, sandbox: SandboxClient
) -> None:
    """Then nothing but the keys themselves tells the accounts apart."""
    use_restricted_key(app, sandbox)
    session_id = visit(make_link(app, "twinspot/Personal"))
    with other_account(app, is_restricted=True) as other:
        assert account_of(app) == UNKNOWN
        sandbox.pay(session_id, email="alice@example.com")
        for _ in range(2):
            assert post_event(app, make_event(COMPLETED, session_id)).get_json() == LEFT
        other.forget_calls()
        work(app)
        assert other.calls(SESSIONS) == [], "asked once, and not each minute"
        (event,) = read_rows(app, EVENTS)
        assert event["last_error"].startswith("unknown to key ")
    use_restricted_key(app, sandbox)
    assert account_of(app) == UNKNOWN
    for _ in range(2):
        work(app)
    assert read_rows(app, "SELECT email FROM orders") == [{"email": "alice@example.com"}]
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1


def test_keeps_what_is_known_of_an_event_while_stripe_takes_no_key(app: Flask, sandbox: SandboxClient) -> None:
    session_id = visit(make_link(app, "twinspot/Personal"))
    with other_account(app) as other:
        sandbox.pay(session_id, email="alice@example.com")
        event = make_event(COMPLETED, session_id)
        for one in (event, make_event(COMPLETED, "cs_test_elsewhere00000000")):
            assert post_event(app, one).get_json() == LEFT
        known = read_rows(app, EVENTS)
        use_dead_key(app, other)
        for minutes in (6, 7):
            other.forget_calls()
            with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
                work(app)
                assert "events_unhandled" not in warnings_of(app)
            assert len(other.calls(SESSIONS)) <= 1, "one question is enough"
        post_event(app, event)
        assert read_rows(app, EVENTS) == known
    use_secret_key(app, sandbox)
    work(app)
    assert read_rows(app, "SELECT email FROM orders") == [{"email": "alice@example.com"}]


def test_waits_with_an_event_of_an_account_that_was_left_while_stripe_is_down(
    app: Flask, sandbox: SandboxClient
) -> None:
    """Whose the key is nobody knows then, and the worker goes on."""
    with other_account(app) as other:
        assert post_event(app, make_event(COMPLETED, "cs_test_elsewhere00000000")).get_json() == LEFT
        known = read_rows(app, EVENTS)
    use_other_account(app, other, is_restricted=False)
    for _ in range(2):
        work(app)
    assert read_rows(app, EVENTS) == known
    use_secret_key(app, sandbox)
    work(app)
    (event,) = read_rows(app, EVENTS)
    assert event["last_error"] not in (None, known[0]["last_error"])


def test_takes_in_a_refund_in_an_account_that_was_left_once_its_key_is_back(
    app: Flask, sandbox: SandboxClient
) -> None:
    _buyer, session_id, _keys = sell(app, sandbox, email="ada@example.com")
    refund(sandbox, session_id)
    (event,) = [event for event in sandbox.read("events")["data"] if event["type"] == "charge.refunded"]
    with other_account(app):
        assert post_event(app, event).get_json() == LEFT
        pass_time(app, 30)
    use_secret_key(app, sandbox)
    work(app)
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1900}]


@pytest.mark.usefixtures("sandbox")
def test_tells_once_of_all_events_of_an_account_that_was_left(app: Flask) -> None:
    """Most may be of other programs there: one line, no warning, and done is done."""
    run(app)
    with other_account(app):
        for number in range(3):
            assert post_event(app, make_event(COMPLETED, f"cs_test_elsewhere{number:08}")).get_json() == LEFT
        assert run(app).needs_you == (), "not before a pass has seen what is of its own account"
        (line,) = pass_time(app, 4)[-1:]
        assert line.kind == "event_stuck"
        assert line.text.startswith("3 events of Stripe since ")
        assert "set a key of that account for some minutes" in line.text
        with time_machine.travel(clock.now() + timedelta(hours=5), tick=True), app.app_context():
            assert "events_unhandled" not in {warning.code for warning in find_warnings(read_trouble())}
            assert "unhandled" not in read_figures().events
            db.session.remove()
        change_rows(app, "UPDATE notices SET is_closed_by_owner = true, closed_at = :now", now=str(clock.now()))
        post_event(app, make_event(COMPLETED, "cs_test_elsewhere00000009"))
        assert pass_time(app, 8) == []
    assert {row["outcome"] for row in read_rows(app, EVENTS)} == {None}


def call_done(app: Flask) -> None:
    change_rows(app, "UPDATE notices SET is_closed_by_owner = true, closed_at = :now", now=str(clock.now()))


def test_tells_again_of_an_account_that_is_left_once_more(app: Flask, sandbox: SandboxClient) -> None:
    url = make_link(app, "twinspot/Personal")
    for email in ("ada@example.com", "bob@example.com"):
        session_id = visit(url)
        with other_account(app):
            sandbox.pay(session_id, email=email)
            post_event(app, make_event(COMPLETED, session_id))
            assert [line.subject for line in pass_time(app, 4)[-1:]] == ["of another account"]
            call_done(app)
        use_secret_key(app, sandbox)
        work(app)
        assert run(app).needs_you == ()
    assert len(read_rows(app, "SELECT id FROM licenses")) == 2


@pytest.mark.usefixtures("sandbox")
def test_keeps_events_of_an_account_that_was_left_as_long_as_others(app: Flask) -> None:
    with other_account(app):
        post_event(app, make_event(COMPLETED, "cs_test_elsewhere00000000"))
        for days, kept in ((399, 1), (401, 0)):
            with time_machine.travel(clock.now() + timedelta(days=days), tick=True):
                for _ in range(2):
                    work(app)
                (event,) = read_rows(app, EVENTS)
                assert event["outcome"] == (None if kept else "not_ours")
                lines = run(app).needs_you
                assert len(lines) == kept
                assert all("Each is kept for 400 days." in line.text for line in lines)
                with app.app_context():
                    assert forget_some()["events"] == 1 - kept


@pytest.mark.usefixtures("sandbox")
def test_asks_before_it_gives_up_an_event_of_an_account_that_was_left(app: Flask) -> None:
    with other_account(app) as other:
        post_event(app, make_event(COMPLETED, "cs_test_elsewhere00000000"))
        use_dead_key(app, other)
        with time_machine.travel(clock.now() + timedelta(days=401), tick=True):
            work(app)
        (event,) = read_rows(app, EVENTS)
        assert event["outcome"] is None


@pytest.mark.usefixtures("sandbox")
def test_keeps_nothing_of_a_session_that_ended_in_an_account_that_was_left(app: Flask) -> None:
    event = make_event("checkout.session.expired", "cs_test_elsewhere00000000")
    assert post_event(app, event).get_json() == {"outcome": "not_ours"}
    assert read_rows(app, EVENTS) == [{"outcome": "not_ours", "last_error": None}]
