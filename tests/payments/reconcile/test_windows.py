"""How far a pass reads: every page of every list, and Sessions that are older than its window."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import StripeUnavailable
from storefront.orders.notices import NoticeDraft, NoticeKind, open_notices
from storefront.payments.reconcile.steps import Batch, Step, read_batch
from storefront.stripe_api import lists
from storefront.worker import reconcile_if_due
from tests.payments.reconcile.sales import charge_of, days_ago, refund, run, sell, start
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient


def forbid(sandbox: SandboxClient, *paths: str) -> None:
    for path in paths:
        sandbox.control("faults", method="GET", path=path, status=403, times=None)


@contextmanager
def in_days(sandbox: SandboxClient, days: int) -> Iterator[None]:
    sandbox.set_clock(days * 86_400)
    with time_machine.travel(clock.now() + timedelta(days=days), tick=True):
        yield


def test_reads_every_page_of_every_list(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of each kind on pages of one."""
    monkeypatch.setattr(lists, "PAGE", 1)
    with days_ago(40):
        old = [sell(app, sandbox, email=f"buyer{number}@example.com")[1] for number in range(4)]
    with days_ago(0.1):
        fresh = [start(app)[1] for _ in range(2)]
        for number, session_id in enumerate(fresh):
            sandbox.pay(session_id, email=f"new{number}@example.com")
        for session_id in old[:2]:
            refund(sandbox, session_id)
        for session_id in old[2:]:
            sandbox.control(f"charges/{charge_of(sandbox, session_id)}/dispute")
    report = run(app)
    assert sorted(line.kind for line in report.fixed) == [
        *["checkouts"] * 2,
        *["disputes"] * 2,
        *["refunds"] * 2,
    ]
    handled = read_rows(app, "SELECT type FROM stripe_events WHERE handled_at IS NOT NULL")
    types = [row["type"] for row in handled]
    for wanted in ("checkout.session.completed", "refund.created", "charge.dispute.created"):
        assert types.count(wanted) == 2, types


def test_finds_a_session_made_before_the_window_and_paid_inside_it(app: Flask, sandbox: SandboxClient) -> None:
    """A form may be open for a day before it is paid; the event of that is too young to be missed."""
    with days_ago(0.9):
        _nobody, session_id = start(app)
    with days_ago(0.1):
        run(app)
    sandbox.pay(session_id)
    report = run(app)
    assert [line.kind for line in report.fixed] == ["checkouts"]
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_misses_nothing_after_a_clock_that_was_ahead(app: Flask, sandbox: SandboxClient, is_cut_off: bool) -> None:
    """The pass of three days to come says nothing of today, whether it ended or not."""
    with days_ago(0.1):
        run(app)
    with days_ago(-3), app.app_context():
        reconcile_if_due()
    if is_cut_off:
        change_rows(app, "UPDATE reconcile_passes SET finished_at = NULL, checkpoint = NULL WHERE id = 2")
        change_rows(app, "UPDATE reconcile_passes SET since = started_at WHERE id = 2")
    _nobody, session_id = start(app)
    sandbox.pay(session_id)
    with app.app_context():
        reconcile_if_due()
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    since = "SELECT id FROM reconcile_passes WHERE since > :now OR checkpoint > :now"
    assert len(read_rows(app, since, now=f"{clock.now() + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}")) <= 1
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True):
        assert run(app).fixed == ()


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_finds_what_happened_while_the_key_could_not_list_it(
    app: Flask, sandbox: SandboxClient, is_cut_off: bool
) -> None:
    """A refund whose event is lost, too. A pass that is cut off after the refusal goes on without it."""
    _buyer, session_id, _keys = sell(app, sandbox, email="ada@example.com")
    run(app)
    forbid(sandbox, "/v1/refunds", "/v1/events")
    refund(sandbox, session_id)
    for days in (2, 4):
        with in_days(sandbox, days):
            if is_cut_off:
                sandbox.control("faults", method="GET", path="/v1/disputes", status=500, times=9)
                with pytest.raises(StripeUnavailable):
                    run(app)
                sandbox.control("faults/clear")
                forbid(sandbox, "/v1/refunds", "/v1/events")
            run(app)
    sandbox.control("faults/clear")
    with in_days(sandbox, 5):
        assert [line.kind for line in run(app, is_dry=True).fixed] == ["refunds"]
        report = run(app)
    assert [line.kind for line in report.fixed] == ["refunds"]
    assert "list_unreadable" not in [line.kind for line in report.needs_you]
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1900}]
    assert read_rows(app, "SELECT unread FROM reconcile_passes ORDER BY id DESC")[0]["unread"] == "{}"


def test_goes_back_a_month_at_most_for_a_list_and_leaves_the_others_as_they_are(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, datetime] = {}

    def note(step: Step, *, since: datetime, after: str | None) -> Batch:
        asked[step] = since
        return read_batch(step, since=since, after=after)

    monkeypatch.setattr("storefront.payments.reconcile.run.read_batch", note)
    run(app)
    forbid(sandbox, "/v1/refunds")
    for days in (20, 40):
        with in_days(sandbox, days):
            run(app)
            run(app)
            ago = {step: round((clock.now() - since) / timedelta(days=1)) for step, since in asked.items()}
            assert (ago["refunds"], ago["disputes"], ago["events"]) == (min(days, 30), 0, 0)
    sandbox.control("faults/clear")
    with in_days(sandbox, 40):
        run(app)
        run(app)
        assert clock.now() - asked["refunds"] < timedelta(days=1)


def test_tells_once_what_a_clock_that_was_ahead_noted(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(-3):
        noted = NoticeDraft(kind=NoticeKind.POOL_LOW, subject="twinspot", text="Few keys are left.")
        with app.app_context(), transaction() as session:
            open_notices(session, [noted])
    for minutes in (0, 20, 40):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
            run(app)
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'reconcile_report'")) == 1
