"""The outbox: a promise is one row, held, released and claimed by one worker at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain

import pytest
import time_machine
from flask import Flask

from storefront.core.db import db, transaction
from storefront.mail import outbox
from storefront.mail.models import MailKind
from tests.mail.promises import claim, promise, release, row, rows
from tests.support.databases import BOTH
from tests.support.factories import NOON, make_order

THREADS = 16
MESSAGES = 40

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_keeps_one_row_for_a_promise_made_twice(app: Flask) -> None:
    order_id = make_order(app)
    assert promise(app, order_id) is True
    assert promise(app, order_id, recipient="other@shop.example") is False
    assert row(app)["recipient"] == "ada@shop.example"


@both
def test_keeps_one_row_when_many_promise_at_once(app: Flask) -> None:
    order_id = make_order(app)
    start = threading.Barrier(THREADS)

    def run() -> bool:
        start.wait(10)
        return promise(app, order_id)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [future.result(60) for future in [pool.submit(run) for _ in range(THREADS)]]
    assert sum(answers) == 1
    assert len(rows(app)) == 1


def test_keeps_a_row_for_each_kind_order_and_repetition(app: Flask) -> None:
    first, second = make_order(app), make_order(app)
    assert promise(app, first)
    assert promise(app, second)
    assert promise(app, first, kind=MailKind.PAYMENT_FAILED)
    assert promise(app, first, again="1")
    assert not promise(app, first, again="1")
    assert len({message["message_id"] for message in rows(app)}) == len(rows(app)) == 4


def test_promises_nothing_when_the_cause_did_not_happen(app: Flask) -> None:
    order_id = make_order(app)
    with app.app_context(), pytest.raises(LookupError), transaction() as session:  # noqa: PT012 - both are the point
        outbox.promise(
            session, kind=MailKind.RECEIPT, order_id=order_id, mode="sandbox", recipient="a@shop.example"
        )
        raise LookupError
    assert rows(app) == []


def test_names_the_shop_in_the_message_id(app: Flask) -> None:
    promise(app, make_order(app))
    assert row(app)["message_id"].endswith("@storefront.example>")


def test_holds_a_mail_for_two_minutes_and_lets_it_go_by_itself(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app))
        assert claim(app) is None
    with time_machine.travel(NOON + timedelta(seconds=119), tick=False):
        assert claim(app) is None
    with time_machine.travel(NOON + timedelta(seconds=120), tick=False):
        assert claim(app) is not None


def test_lets_a_mail_go_at_once_when_it_is_not_to_be_held(app: Flask) -> None:
    promise(app, make_order(app), hold=False)
    assert claim(app) is not None


def test_lets_what_is_held_go_when_it_is_released(app: Flask) -> None:
    held, other = make_order(app), make_order(app)
    promise(app, held)
    promise(app, other)
    release(app, held)
    claimed = claim(app)
    assert claimed == rows(app)[0]["id"]
    assert claim(app) is None


def test_does_not_hurry_a_mail_that_waits_for_its_next_try(app: Flask) -> None:
    order_id = make_order(app)
    with time_machine.travel(NOON, tick=False):
        promise(app, order_id, hold=False)
        claimed = claim(app)
        assert claimed
        with app.app_context():
            outbox.mark_failed(claimed, attempts=1, error="no answer", is_permanent=False)
        release(app, order_id)
        assert claim(app) is None
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        assert claim(app) == claimed


def test_does_not_send_again_what_was_sent_when_it_is_released_again(app: Flask) -> None:
    order_id = make_order(app)
    promise(app, order_id, hold=False)
    claimed = claim(app)
    assert claimed
    with app.app_context():
        outbox.mark_sent(claimed)
    release(app, order_id)
    assert claim(app) is None
    assert row(app)["state"] == "sent"


@both
def test_gives_each_mail_to_one_of_sixteen_workers(app: Flask) -> None:
    order_id = make_order(app)
    for number in range(MESSAGES):
        promise(app, order_id, again=str(number), hold=False)
    start = threading.Barrier(THREADS)

    def work() -> list[int]:
        claimed = []
        with app.app_context():
            start.wait(10)
            while (message_id := outbox.claim_next()) is not None:
                claimed.append(message_id)
            db.session.remove()
        return claimed

    with ThreadPoolExecutor(THREADS) as pool:
        claimed_by_thread = [future.result(60) for future in [pool.submit(work) for _ in range(THREADS)]]
    assert sorted(chain.from_iterable(claimed_by_thread)) == [message["id"] for message in rows(app)]
    assert {message["attempts"] for message in rows(app)} == {1}


@both
def test_takes_a_claim_over_from_a_worker_that_died(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
        claimed = claim(app)
        assert claimed
    with time_machine.travel(NOON + timedelta(seconds=299), tick=False):
        assert claim(app) is None
    with time_machine.travel(NOON + timedelta(seconds=300), tick=False):
        assert claim(app) == claimed
        assert claim(app) is None
    assert row(app)["attempts"] == 2


def test_lets_a_worker_that_lost_its_claim_not_put_the_mail_back(app: Flask) -> None:
    """It was only slow; the second worker is sending meanwhile."""
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
        claimed = claim(app)
        assert claimed
    with time_machine.travel(NOON + timedelta(minutes=6), tick=False), app.app_context():
        assert outbox.claim_next() == claimed
        outbox.mark_failed(claimed, attempts=1, error="no answer", is_permanent=False)
        outbox.mark_sent(claimed)
    assert row(app)["state"] == "sent"


def test_believes_a_slow_worker_that_did_send(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False):
        promise(app, make_order(app), hold=False)
        claimed = claim(app)
        assert claimed
    with time_machine.travel(NOON + timedelta(minutes=6), tick=False), app.app_context():
        assert outbox.claim_next() == claimed
        outbox.mark_sent(claimed)
        outbox.mark_failed(claimed, attempts=2, error="no answer", is_permanent=False)
    assert row(app)["state"] == "sent"


def test_sends_in_the_order_of_promises_but_new_before_failed(app: Flask) -> None:
    order_id = make_order(app)
    with time_machine.travel(NOON, tick=False):
        promise(app, order_id, again="failed", hold=False)
        failed = claim(app)
        assert failed
        with app.app_context():
            outbox.mark_failed(failed, attempts=1, error="no answer", is_permanent=False)
    for minute, again in ((2, "second"), (3, "third")):
        with time_machine.travel(NOON + timedelta(minutes=minute), tick=False):
            promise(app, order_id, again=again, hold=False)
    with time_machine.travel(NOON + timedelta(minutes=4), tick=False):
        assert [claim(app), claim(app), claim(app)] == [failed + 1, failed + 2, failed]
