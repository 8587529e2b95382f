"""Failed mails: what warns its owner and for how long, and the lines of "needs you" about them."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.mail.bounces import note_bounce
from storefront.mail.models import MailKind
from storefront.mail.retry import cancel_all_failed
from storefront.orders.notices import close_notices, find_open_notices
from storefront.owner.broadcasts.sending import send_some, start_broadcast
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from storefront.payments.reconcile.sweep import sweep
from tests.mail.promises import promise
from tests.mail.reports import make_report
from tests.mail.smtp_server import answering, smtp_server, use_server
from tests.owner.health.metrics_page import read_metrics
from tests.support.databases import BOTH
from tests.support.factories import make_order
from tests.support.readers import draft, make_readers
from tests.support.rows import change_rows, read_rows
from tests.support.shop import run_worker_once

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
DEAD, MENDABLE = "recipient refused (550)", "mail refused (554)"


def given_up(app: Flask) -> int:
    with app.test_request_context():
        trouble = read_trouble()
        is_warned = "mails_failed" in {warning.code for warning in find_warnings(trouble)}
        db.session.remove()
    assert is_warned == (trouble.mails_given_up > 0)
    return trouble.mails_given_up


def lines(app: Flask) -> list[str]:
    """What the sweep of every quarter of an hour leaves on the list."""
    with app.test_request_context():
        sweep(never_received=0, unreadable_lists=[])
        texts = [notice.text for notice in find_open_notices()]
        db.session.remove()
    return texts


def call_done(app: Flask) -> None:
    with app.test_request_context():
        close_notices([notice.id for notice in find_open_notices()])
        db.session.remove()


def fail(app: Flask, error: str | None, which: str = "TRUE") -> None:
    change_rows(app, f"UPDATE outbox SET state = 'failed', last_error = :error WHERE {which}", error=error)


def broadcast(app: Flask, *names: str) -> None:
    make_readers(app, *names)
    broadcast_id = draft(app, "twinspot")
    with app.test_request_context():
        assert start_broadcast(broadcast_id, version=1)
        assert send_some() == len(names)


def test_does_not_warn_of_a_reader_whose_mailbox_is_gone(app: Flask, environment: dict[str, str]) -> None:
    broadcast(app, "ada", "gone")
    with smtp_server(answering({"RCPT": "550 5.1.1 no such user"})) as port:
        use_server(app, environment, port)
        run_worker_once(app)
    assert given_up(app) == 0
    (line,) = lines(app)
    assert "2 emails of broadcast 1 could not be delivered, 2 of them because the address takes none" in line
    assert line.endswith("Nothing is left to do.")


@both
def test_tells_of_a_broadcast_in_one_line_that_counts(app: Flask) -> None:
    broadcast(app, "ada", "bob", "cleo")
    fail(app, DEAD)
    fail(app, MENDABLE, "recipient LIKE 'ada%'")
    assert given_up(app) == 1
    (line,) = lines(app)
    assert "3 emails of broadcast 1 could not be delivered, 2 of them because" in line
    assert "`storefront mail retry --failed` tries the others again." in line
    call_done(app)
    assert (given_up(app), lines(app)) == (0, [])


@both
def test_tells_of_the_news_of_a_release_in_one_line(app: Flask) -> None:
    for customer in (1, 2):
        promise(app, None, kind=MailKind.NEW_RELEASE, about=f"7:{customer}")  # type: ignore[arg-type]
    fail(app, DEAD)
    assert given_up(app) == 0
    (line,) = lines(app)
    assert line.startswith("2 emails of the news of release 7 could not be delivered, 2 of them")


@both
@pytest.mark.parametrize("kind", [MailKind.PROOF, MailKind.AVAILABLE, MailKind.AVAILABILITY_CONFIRM])
def test_tells_nothing_of_an_address_that_anybody_may_type(app: Flask, kind: MailKind) -> None:
    promise(app, None, kind=kind, about="1")  # type: ignore[arg-type]
    fail(app, DEAD)
    assert (given_up(app), lines(app)) == (0, [])
    for error in (MENDABLE, None):
        fail(app, error)
        assert (given_up(app), len(lines(app))) == (1, 1)


@both
def test_warns_of_a_receipt_until_its_owner_has_done_with_it(app: Flask) -> None:
    order_id = make_order(app)
    promise(app, order_id, hold=False)
    fail(app, DEAD)
    assert (given_up(app), len(lines(app))) == (1, 1)
    call_done(app)
    assert (given_up(app), lines(app)) == (0, [])
    promise(app, order_id, again="2", hold=False)
    fail(app, DEAD, "state = 'queued'")
    assert (given_up(app), len(lines(app))) == (1, 1), "another one is not hidden"
    with app.app_context():
        assert cancel_all_failed() == 2
    assert (given_up(app), lines(app)) == (0, [])


@both
def test_warns_again_where_what_was_done_was_tried_once_more(app: Flask) -> None:
    promise(app, make_order(app), hold=False)
    fail(app, DEAD)
    lines(app)
    call_done(app)
    assert given_up(app) == 0
    change_rows(app, "UPDATE outbox SET due_at = :later", later=clock.now() + timedelta(minutes=30))
    assert given_up(app) == 1


def test_forgets_to_warn_after_a_month_by_the_last_try(app: Flask) -> None:
    """A gift is promised months before its day."""
    promise(app, make_order(app), kind=MailKind.GIFT)
    fail(app, DEAD)
    change_rows(app, "UPDATE outbox SET created_at = :long_ago", long_ago=clock.now() - timedelta(days=200))
    assert (given_up(app), len(lines(app))) == (1, 1)
    with time_machine.travel(clock.now() + timedelta(days=31), tick=True):
        assert (given_up(app), lines(app)) == (0, [])


def test_measures_when_the_last_one_was_given_up(app: Flask) -> None:
    """An alert by it fires anew for each, however many lie there."""
    name = "mail_given_up_timestamp_seconds", ""
    assert read_metrics(app)[name] == 0
    order_id = make_order(app)
    promise(app, order_id, hold=False)
    fail(app, DEAD)
    first = read_metrics(app)[name]
    assert abs(clock.now().timestamp() - first) < 60
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=True):
        promise(app, order_id, again="2", hold=False)
        fail(app, DEAD, "state = 'queued'")
        assert read_metrics(app)[name] >= first + 7200


@both
def test_ends_with_done_for_the_news_of_a_release(app: Flask) -> None:
    promise(app, make_order(app), kind=MailKind.NEW_RELEASE, about="7:1", hold=False)
    fail(app, MENDABLE)
    assert (given_up(app), len(lines(app))) == (1, 1)
    call_done(app)
    assert (given_up(app), lines(app)) == (0, [])


@both
def test_tells_of_more_of_a_broadcast_that_fail_after_done(app: Flask) -> None:
    broadcast(app, "ada", "bob")
    fail(app, MENDABLE, "recipient LIKE 'ada%'")
    assert len(lines(app)) == 1
    call_done(app)
    later = clock.now() + timedelta(minutes=30)
    change_rows(app, "UPDATE outbox SET due_at = :later WHERE recipient LIKE 'bob%'", later=later)
    fail(app, MENDABLE, "recipient LIKE 'bob%'")
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True):
        assert (given_up(app), len(lines(app))) == (1, 1)


def bounce(app: Flask, status: str) -> None:
    change_rows(app, "UPDATE outbox SET state = 'sent', sent_at = due_at")
    with app.app_context():
        for row in read_rows(app, "SELECT message_id FROM outbox"):
            note_bounce(make_report(row["message_id"], status=status).encode())
        db.session.remove()


def test_measures_a_bounce_when_it_came(app: Flask) -> None:
    """Hours after the email left: the alert asks for the last hour."""
    promise(app, make_order(app), hold=False)
    with time_machine.travel(clock.now() + timedelta(hours=3), tick=False):
        bounce(app, "5.1.1")
        assert given_up(app) == 1
        assert read_metrics(app)["mail_given_up_timestamp_seconds", ""] == pytest.approx(clock.now().timestamp())


def test_warns_where_a_broadcast_came_back_because_of_the_shop(app: Flask) -> None:
    """5.7 is about who sends (RFC 3463): DMARC, or a block list."""
    broadcast(app, "ada", "bob")
    bounce(app, "5.7.26")
    (line,) = lines(app)
    assert given_up(app) == 2
    assert "Nothing is left to do" not in line
