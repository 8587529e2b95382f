"""Workers one by one: each is listed while it is at work, missed when it died, and forgotten after an hour."""

from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storefront.core import clock, worker_beats
from storefront.core.db import db
from storefront.core.measurements import flush
from storefront.worker import retry_events
from tests.cli.commands import done, read_json
from tests.owner.health.metrics_page import read_metrics
from tests.support.databases import BOTH
from tests.support.make_shop import MakeShop

NAMES = ("one:7", "two:9")


def beat(app: Flask, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        monkeypatch.setattr(worker_beats, "worker_name", lambda: name)
        worker_beats.beat()
        flush(only_when_due=False)
        retry_events()
        db.session.remove()


def names(command: CliRunner) -> list[str]:
    return [worker["name"] for worker in read_json(command, "status")["workers"]]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_lists_each_worker_until_it_says_goodbye(
    app: Flask, command: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names(command) == []
    for name in (*NAMES, *NAMES):
        beat(app, name, monkeypatch)
    assert names(command) == list(NAMES)
    assert read_metrics(app)["worker_age_seconds", "two:9"] < 60
    for _again in range(2):
        with app.app_context():
            worker_beats.say_goodbye()  # of the one that beat last
            db.session.remove()
        assert names(command) == ["one:7"]


def test_misses_a_worker_that_died_and_forgets_it_after_an_hour(
    app: Flask, command: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    with time_machine.travel(now - timedelta(minutes=50), tick=False):
        beat(app, "two:9", monkeypatch)
    with time_machine.travel(now, tick=False):
        beat(app, "one:7", monkeypatch)
        assert "! 1 of 2 workers fell silent" in done(command, "status")
        assert "           two:9: " in done(command, "status")
        told = app.test_client().get("/readyz")
        assert told.status_code == 200
        assert "worker_lost" in told.text
        assert "two:9" not in told.text  # anybody may read it
    with time_machine.travel(now + timedelta(minutes=11), tick=False):
        beat(app, "one:7", monkeypatch)
        assert names(command) == ["one:7"]
        assert done(command, "status").startswith("No trouble")


def test_says_goodbye_to_a_database_that_is_away(make_shop: MakeShop) -> None:
    app = make_shop(DATABASE_URL="postgresql://nobody@127.0.0.1:9/shop")
    with app.app_context():
        with pytest.raises(SQLAlchemyError):
            db.session.execute(text("SELECT 1"))
        db.session.remove()
        worker_beats.say_goodbye()
        db.session.remove()
