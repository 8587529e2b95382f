"""The database goes away, or the worker is asked to stop, while an email is in a worker's hands."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from storefront.core import outlast as outlasting
from storefront.core.db import transaction
from storefront.core.queue import queue
from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail import outbox
from storefront.mail.letter import Mail
from storefront.mail.models import OutboxMessage
from tests.mail.promises import NotTrueAnyMore, claim, compose, deliver, promise, row, rows, states
from tests.mail.smtp_server import answering, smtp_server, use_server
from tests.support.factories import make_order


class _Away(sqlite3.OperationalError):
    sqlite_errorcode = sqlite3.SQLITE_CANTOPEN


def away() -> OperationalError:
    return OperationalError("", {}, _Away("unable to open database file"))


@pytest.fixture(autouse=True)
def _waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlasting, "RETRY_SECONDS", 0)


def failing(act: Callable[..., Any], *, is_done: bool, times: int = 2) -> Callable[..., Any]:
    """The connection is lost so many times: before `act` was done, or when only its answer was on the way."""
    left = [None] * times

    def fail(*arguments: object, **named: object) -> object:
        if not left:
            return act(*arguments, **named)
        left.pop()
        if is_done:
            act(*arguments, **named)
        raise away()

    return fail


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["get_message", "mark_sent"])
def test_sends_once_although_the_database_went_away(
    app: Flask, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch, step: str, is_done: bool
) -> None:
    promise(app, make_order(app), hold=False)
    monkeypatch.setattr(outbox, step, failing(getattr(outbox, step), is_done=is_done))
    assert deliver(app) == 1
    assert (row(app)["state"], row(app)["attempts"], row(app)["claimed_at"]) == ("sent", 1, None)
    assert len(mailbox.messages()) == 1


def test_sends_once_although_the_database_went_away_while_it_was_written(
    app: Flask, mailbox: MailboxServer
) -> None:
    promise(app, make_order(app), hold=False)
    assert deliver(app, failing(compose, is_done=True)) == 1
    assert states(app) == ["sent"]
    assert len(mailbox.messages()) == 1


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("may_return", [False, True], ids=["canceled", "paused"])
def test_sets_aside_once(app: Flask, monkeypatch: pytest.MonkeyPatch, is_done: bool, may_return: bool) -> None:
    promise(app, make_order(app), hold=False)
    name = "storefront.mail.delivery.pause" if may_return else "storefront.mail.outbox.mark_canceled"
    monkeypatch.setattr(name, failing(resolve_name(name), is_done=is_done))
    deliver(app, lambda _message: NotTrueAnyMore("closed", may_return=may_return))
    assert states(app) == ["paused" if may_return else "canceled"]


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["mark_failed", "put_back"])
def test_notes_a_refusal_once(
    app: Flask, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, step: str, is_done: bool
) -> None:
    replies, attempts = {"mark_failed": ({"DATA": "451 later"}, 1), "put_back": ({"MAIL": "421 busy"}, 0)}[step]
    promise(app, make_order(app), hold=False)
    monkeypatch.setattr(outbox, step, failing(getattr(outbox, step), is_done=is_done))
    with smtp_server(answering(replies)) as port:
        use_server(app, environment, port)
        deliver(app)
    assert (row(app)["state"], row(app)["attempts"]) == ("queued", attempts)


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_gives_back_what_nobody_knows_to_be_claimed(
    app: Flask, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    """The commit of the claim was lost, or only its answer."""
    promise(app, make_order(app), hold=False)

    @contextmanager
    def lost() -> Iterator[Session]:
        monkeypatch.setattr(outbox, "transaction", transaction)
        with transaction() as session:
            yield session
            if not is_done:
                raise away()
        raise away()

    monkeypatch.setattr(outbox, "transaction", lost)
    with pytest.raises(OperationalError):
        deliver(app)
    assert (row(app)["state"], row(app)["attempts"], row(app)["claimed_at"]) == ("queued", 0, None)
    assert claim(app) == row(app)["id"]


def test_waits_for_no_bug_and_not_for_ever(app: Flask) -> None:
    asked: list[Exception] = []

    def ask(error: Exception) -> None:
        asked.append(error)
        raise error

    with app.app_context():
        bug = ProgrammingError("", {}, sqlite3.ProgrammingError())
        for error, seconds in ((bug, 60), (away(), 0)):
            with pytest.raises(type(error)):
                outlasting.outlast(lambda error=error: ask(error), seconds=seconds)  # type: ignore[misc]
    assert len(asked) == 2


def test_takes_no_other_message_when_it_is_asked_to_stop(app: Flask, mailbox: MailboxServer) -> None:
    order_id = make_order(app)
    for number in range(3):
        promise(app, order_id, again=str(number), hold=False)
    with app.app_context():
        consumer = queue().consumer(workers=1)

    def compose_and_stop(message: OutboxMessage) -> Mail:
        consumer.stop_flag.set()
        return compose(message)

    assert deliver(app, compose_and_stop) == 1
    assert states(app) == ["sent", "queued", "queued"], "what it had in hand, and nothing is left claimed"
    assert {message["claimed_at"] for message in rows(app)} == {None}
    assert len(mailbox.messages()) == 1
