"""What a large shop has in all is counted by a worker now and then; a small one counts when asked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.core.leases import take_lease
from storefront.core.measurements import read_measurements
from storefront.core.runtime import settings
from storefront.devtools.mailbox.server import MailboxServer
from storefront.owner.health import totals
from storefront.owner.health.totals import Counts, count_all, is_small, keep_totals
from storefront.worker import count_everything
from tests.cli.commands import done, read_json
from tests.owner.health.metrics_page import read_metrics
from tests.support.databases import BOTH
from tests.support.rows import change_rows
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import make_event, post_event
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "FEW", -1)


def count(app: Flask) -> bool:
    """Whether a worker found something to do."""
    with app.app_context():
        has_counted = keep_totals()
        db.session.remove()
    return has_counted


def took(app: Flask, seconds: float) -> None:
    change_rows(app, "UPDATE measurements SET value = :s WHERE label = 'seconds'", s=seconds)


@both
@pytest.mark.usefixtures("large")
def test_tells_a_large_shop_what_a_worker_counted(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox).deliver(COMPLETED)
    assert read_json(command, "status")["counted_at"] is None  # no worker has counted yet
    counted_at = clock.now()
    with time_machine.travel(counted_at, tick=False):
        assert count(app)
    took(app, 2.0)
    sell(app, sandbox, email="second@example.com").deliver(COMPLETED)
    told = read_json(command, "status")
    assert told["orders"] == {"fulfilled": 1, "awaiting_payment": 0, "not_paid": 0}
    assert told["orders_today"] == 2
    assert told["counted_at"]
    assert f"in all at {counted_at:%Y-%m-%d %H:}" in done(command, "status")
    with time_machine.travel(counted_at + timedelta(seconds=190), tick=False):
        assert not count(app)
        assert read_metrics(app)["totals_age_seconds", ""] == pytest.approx(190, abs=1)
    with time_machine.travel(counted_at + timedelta(seconds=210), tick=False):
        assert count(app)
    assert read_metrics(app)["orders", "fulfilled"] == 2


@pytest.mark.usefixtures("large")
def test_counts_what_waits_at_once(app: Flask, sandbox: SandboxClient, mailbox: MailboxServer) -> None:
    count(app)
    sale = sell(app, sandbox)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=500, times=99)
    post_event(app, make_event(COMPLETED, "cs_test_" + "a" * 20))
    metrics = read_metrics(app)
    assert metrics["orders", "fulfilled"] == 0
    assert metrics["mails", "queued"] == 1
    assert metrics["stripe_events", "unhandled"] == 1
    sandbox.control("faults/clear")
    sale.deliver(COMPLETED)
    sale.work()
    assert read_metrics(app)["mails", "queued"] == 0
    assert mailbox.messages()


@both
@pytest.mark.usefixtures("large")
def test_reads_no_row_of_an_order_for_a_monitor(app: Flask) -> None:
    count(app)
    with counted(app) as statements:
        read_metrics(app)
    assert len(statements) <= 13, "\n".join(statements)
    assert not [statement for statement in statements if "JOIN order_items" in statement]


@both
def test_is_small_until_a_table_has_many_rows(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        assert is_small()
        db.session.remove()
    assert not count(app)
    for number in range(4):
        assert post_event(app, make_event("payout.paid", f"po_{number}")).status_code == 200
    for few, small in ((4, True), (3, False)):
        monkeypatch.setattr(totals, "FEW", few)
        with app.app_context():
            assert is_small() is small
            db.session.remove()


@pytest.mark.usefixtures("large")
def test_rests_for_a_hundred_times_as_long_as_it_took(app: Flask) -> None:
    count(app)
    begun = clock.now()
    for seconds, passed, is_due in (
        (0.1, 9, False), (0.1, 11, True), (3.0, 290, False), (3.0, 310, True),
        (500.0, 49_990, False), (500.0, 50_010, True),
        (3.0, -60, True),  # a clock that was ahead has been put right
    ):  # fmt: skip
        with time_machine.travel(begun, tick=False):
            change_rows(app, "UPDATE measurements SET value = 0 WHERE label = 'counted_at'")
            assert count(app)
            took(app, seconds)
        with time_machine.travel(begun + timedelta(seconds=passed), tick=False):
            assert count(app) is is_due, (seconds, passed)


@both
@pytest.mark.usefixtures("large")
def test_keeps_one_whole_count_of_workers_at_the_same_moment(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    count(app)
    change_rows(app, "UPDATE measurements SET value = 0 WHERE label = 'counted_at'")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, [app] * 4))
    with app.app_context():
        kept = read_measurements()[f"totals_{settings().mode}"]
        assert Counts.of_labels(kept) == count_all()
        db.session.remove()


@pytest.mark.usefixtures("large")
def test_is_not_begun_by_another_worker_meanwhile(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes: the clock of every worker asks again each minute."""
    begun: list[str] = []

    def count_slowly() -> Counts:
        begun.append("a count")
        with time_machine.travel(clock.now() + timedelta(minutes=2), tick=True):
            count_everything()
        return count_all()

    monkeypatch.setattr(totals, "count_all", count_slowly)
    with app.app_context():
        count_everything()
        assert begun == ["a count"]
        assert take_lease("totals", seconds=1)
        db.session.remove()


def test_reads_what_newer_code_has_counted() -> None:
    counts = Counts(orders={"fulfilled": 2}, grants={"license": 3}, mails={"sent": 4}, events={"odd one": 5})
    kept = counts.labels() | {"seconds": 1.5, "counted_at": 1e9, "robots many": 6.0, "orders borrowed": 7.0}
    assert Counts.of_labels(kept).orders == {"fulfilled": 2, "borrowed": 7}
    assert Counts.of_labels(kept).events == {"odd one": 5}
