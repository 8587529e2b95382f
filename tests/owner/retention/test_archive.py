"""Rows are in the archive before they are forgotten, whatever dies in between or is full."""

import gzip
import json
import os
import resource
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.config.settings import Settings
from storefront.core.db import db
from storefront.core.languages import Language
from storefront.core.measurements import flush
from storefront.core.one_at_a_time import alone
from storefront.core.runtime import runtime
from storefront.devtools.mailbox.server import MailboxServer
from storefront.orders.sent_answers import Reader
from storefront.owner.answers.send import send_answer
from storefront.owner.doctor.archive import look_at_archive
from storefront.owner.doctor.finding import Level
from storefront.owner.health.room import LOW_BYTES
from storefront.owner.retention.archive import append
from storefront.owner.retention.run import forget_some
from storefront.shop.answers.words import AnswerWords
from tests.delivery.downloads.clicks import BOOK, status
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.warned import warnings_of

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
NOVEMBER = datetime(2026, 11, 30, tzinfo=UTC)
OLD_EVENT = """
INSERT INTO stripe_events (id, type, object_id, livemode, mode, created_at, received_at, attempts, handled_at)
VALUES ('evt_1', 'ping', 'cs_1', false, 'sandbox', '2020-01-01', '2020-01-01', 1, '2020-01-01')
"""
EVENTS = "SELECT id FROM stripe_events"


@pytest.fixture
def folder(app: Flask, settings: Settings, tmp_path: Path) -> Path:
    made = tmp_path / "archive"
    made.mkdir()
    runtime(app).settings = replace(settings, archive_dir=made)
    return made


def read_archive(folder: Path, name: str) -> list[dict[str, Any]]:
    """As docs/retention.md says it is read."""
    texts = [gzip.decompress(path.read_bytes()).decode() for path in sorted(folder.glob(f"{name}-*.jsonl.gz"))]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def forget(app: Flask) -> dict[str, int]:
    with app.app_context():
        try:
            return forget_some()
        finally:
            flush(only_when_due=False)
            db.session.remove()


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """No file of this process grows further: a part is written, and then an error comes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_appends_to_a_file_of_the_month_that_is_ours_alone(tmp_path: Path) -> None:
    for line, now in ((b'{"id": 1}', NOVEMBER), (b'{"id": 2}', NOVEMBER), (b'{"id": 3}', NOVEMBER + timedelta(1))):
        append(tmp_path, "events", [line], now)
    assert names_in(tmp_path) == ["events-2026-11.jsonl.gz", "events-2026-12.jsonl.gz"]
    assert [row["id"] for row in read_archive(tmp_path, "events")] == [1, 2, 3]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("there", [0, 1])
@pytest.mark.parametrize(
    ("mark", "behind"),
    [
        (b"", b""),
        (b"LENGTH", b""),
        (b"\0\0\n", b""),
        (b"LENGTH\n", b""),
        (b"LENGTH\n", b"\x1f\x8b half"),
        (b"LENGTH\n", b"whole"),
    ],
)
def test_goes_on_wherever_it_was_killed(tmp_path: Path, there: int, mark: bytes, behind: bytes) -> None:
    """Also where another file is the next one. A whole member that is cut off has its rows in the database."""
    for number in range(there):
        append(tmp_path, "events", [b'{"id": %d}' % number], NOVEMBER)
    path = tmp_path / "events-2026-11.jsonl.gz"
    length = path.stat().st_size if there else 0
    path.with_name(f"{path.name}.mark").write_bytes(mark.replace(b"LENGTH", b"%d" % length))
    if behind:
        with path.open("ab") as output:
            output.write(gzip.compress(b'{"id": 9}\n') if behind == b"whole" else behind)
    append(tmp_path, "emails", [b'{"id": 7}'], NOVEMBER)
    append(tmp_path, "events", [b'{"id": 8}'], NOVEMBER)
    assert [row["id"] for row in read_archive(tmp_path, "events")] == [*range(there), 8]
    assert [row["id"] for row in read_archive(tmp_path, "emails")] == [7]
    assert list(tmp_path.glob("*.mark")) == []


def test_leaves_alone_what_was_moved_away_and_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "events-2026-10.jsonl.gz.mark").write_text("100\n")
    (tmp_path / "events-2026-09.jsonl.gz.mark").write_text("100\n")
    (tmp_path / "events-2026-09.jsonl.gz").write_text("short")
    (tmp_path / "shopping.mark").write_text("milk")
    append(tmp_path, "events", [b"{}"], NOVEMBER)
    assert names_in(tmp_path) == ["events-2026-09.jsonl.gz", "events-2026-11.jsonl.gz", "shopping.mark"]
    assert (tmp_path / "events-2026-09.jsonl.gz").read_text() == "short"


def test_leaves_the_file_whole_where_the_disk_is_full(tmp_path: Path) -> None:
    append(tmp_path, "events", [b'{"id": 1}'], NOVEMBER)
    path = tmp_path / "events-2026-11.jsonl.gz"
    whole = path.read_bytes()
    with disk_with_room_for(len(whole) + 20), pytest.raises(OSError, match="File too large"):
        append(tmp_path, "events", [os.urandom(200).hex().encode()], NOVEMBER)
    assert path.read_bytes() == whole
    with disk_with_room_for(1), pytest.raises(OSError, match="File too large"):
        append(tmp_path, "events", [b"{}"], NOVEMBER)
    assert names_in(tmp_path) == [path.name]
    assert path.read_bytes() == whole


def test_follows_no_link_and_makes_no_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    (tmp_path / "events-2026-11.jsonl.gz").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        append(tmp_path, "events", [b"{}"], NOVEMBER)
    with pytest.raises(FileNotFoundError):
        append(tmp_path / "away", "events", [b"{}"], NOVEMBER)
    assert (tmp_path / "elsewhere").read_bytes() == b""
    assert not (tmp_path / "away").exists()


@both
def test_writes_rows_again_that_it_was_killed_with(app: Flask, folder: Path, engine: str) -> None:
    """The reader tells them by their ids."""
    change_rows(app, OLD_EVENT, *REFUSING[engine])
    with pytest.raises(DBAPIError, match="killed"):
        forget(app)
    assert [row["id"] for row in read_archive(folder, "events")] == ["evt_1"]
    assert read_rows(app, EVENTS) == [{"id": "evt_1"}]
    change_rows(app, "DROP TRIGGER killed" + (" ON stripe_events" if engine == "postgresql" else ""))
    assert forget(app)["events"] == 1
    first, second = read_archive(folder, "events")
    assert first == second
    assert first["table"] == "stripe_events"
    assert first["received_at"] == "2020-01-01T00:00:00+00:00"
    assert read_rows(app, EVENTS) == []
    assert forget(app)["events"] == 0


REFUSING = {
    "sqlite": [
        "CREATE TRIGGER killed BEFORE DELETE ON stripe_events BEGIN SELECT RAISE(ABORT, 'killed'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION die() RETURNS trigger AS 'BEGIN RAISE ''killed''; END' LANGUAGE plpgsql",
        "CREATE TRIGGER killed BEFORE DELETE ON stripe_events FOR EACH ROW EXECUTE FUNCTION die()",
    ],
}


def test_forgets_nothing_that_changed_after_it_was_written(app: Flask, folder: Path) -> None:
    change_rows(app, OLD_EVENT)
    changes = iter(["UPDATE stripe_events SET outcome = 'changed'"])

    def change(session: Session, _transaction: object, connection: Connection) -> None:
        if session.info.get("in_transaction"):
            for change in changes:
                connection.execute(text(change))

    with app.app_context():
        event.listen(db.session, "after_begin", change)
        try:
            assert forget_some()["events"] == 0
            assert read_rows(app, EVENTS) == [{"id": "evt_1"}]
            assert forget_some()["events"] == 1
        finally:
            event.remove(db.session, "after_begin", change)
            db.session.remove()
    assert [row["outcome"] for row in read_archive(folder, "events")] == [None, "changed"]


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_keeps_what_somebody_else_is_changing_and_lets_nobody_change_what_goes(app: Flask, folder: Path) -> None:
    """Between the last look and the DELETE, which has no condition but the ids."""
    change_rows(app, OLD_EVENT, OLD_EVENT.replace("evt_1", "evt_2"))
    tried: list[str] = []
    with app.app_context():
        address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with app.app_context(), psycopg.connect(address) as other:
        other.execute("UPDATE stripe_events SET outcome = 'other' WHERE id = 'evt_2'")

        def change_late(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
            if statement.startswith("DELETE FROM stripe_events"):
                other.execute("SAVEPOINT late")
                other.execute("SET LOCAL lock_timeout = 50")
                try:
                    other.execute("UPDATE stripe_events SET outcome = 'late' WHERE id = 'evt_1'")
                except psycopg.errors.LockNotAvailable:
                    tried.append(statement)
                other.execute("ROLLBACK TO SAVEPOINT late")

        event.listen(db.engine, "before_cursor_execute", change_late)
        try:
            assert forget_some()["events"] == 1
        finally:
            event.remove(db.engine, "before_cursor_execute", change_late)
            db.session.remove()
        other.commit()
    assert len(tried) == 1
    assert read_rows(app, "SELECT id, outcome FROM stripe_events") == [{"id": "evt_2", "outcome": "other"}]
    assert forget(app)["events"] == 1


def test_forgets_nothing_while_the_archive_refuses(
    app: Flask, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Missing, then in the way, then full; each time a warning, until a row was taken."""
    change_rows(app, OLD_EVENT)
    folder.rmdir()
    assert forget(app)["events"] == 0
    assert "archive refused rows" in caplog.messages
    assert "archive_refused" in warnings_of(app)
    folder.touch()
    assert forget(app)["events"] == 0
    folder.unlink()
    folder.mkdir()
    # The lock's own files and the database do not grow by a refusal.
    with app.app_context(), disk_with_room_for(1):
        assert forget_some()["events"] == 0
    assert read_rows(app, EVENTS) == [{"id": "evt_1"}]
    assert names_in(folder) == []
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=True):
        assert forget(app)["events"] == 1
        assert "archive_refused" not in warnings_of(app)
    assert [row["id"] for row in read_archive(folder, "events")] == ["evt_1"]


@both
def test_leaves_the_archive_to_the_process_that_writes_it(app: Flask, folder: Path) -> None:
    """Holding it takes no connection of the pool, which has one where WEB_THREADS is 1."""
    change_rows(app, OLD_EVENT)
    with app.app_context(), alone("archive") as is_alone:
        assert is_alone
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # of the pool that counts
        assert forget(app)["events"] == 0
    assert forget(app)["events"] == 1
    assert len(read_archive(folder, "events")) == 1


def test_keeps_what_was_forgotten_and_nothing_that_opens_anything(
    app: Flask, folder: Path, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    sold = sell(app, sandbox, BOOK)
    sold.deliver("checkout.session.completed")
    with app.app_context():
        words = AnswerWords(subject="Hello", body="It is **there**")
        send_answer(
            number_of(sold), "free-text", words, language=Language.ENGLISH, reader=Reader.BUYER, form="once"
        )
        db.session.remove()
    sold.work()
    assert status(sold.buyer, sold.downloads[0].removeprefix(sold.buyer.base_url)) == 200
    (secrets,) = read_rows(app, "SELECT token, nonce, browser_hash, client_secret FROM checkouts")
    change_rows(app, "UPDATE outbox SET state = 'sent'")
    with time_machine.travel(clock.now() + timedelta(days=731), tick=True):
        forgotten = forget(app)
    assert {name: len(read_archive(folder, name)) for name in forgotten} == forgotten
    assert forgotten == {
        "events": 1,
        "emails": 2,
        "downloads": 1,
        "checkouts": 1,
        "unsent_checkouts": 0,
        "refusals": 0,
    }
    emails = {row["kind"]: row for row in read_archive(folder, "emails")}
    assert "answer" not in emails["receipt"]
    assert emails["receipt"]["recipient"] == emails["answer"]["recipient"] != ""
    assert emails["answer"]["answer"]["body"] == "It is **there**"
    (checkout,) = read_archive(folder, "checkouts")
    assert checkout["cart"][0]["quantity"] == 1
    everything = json.dumps([read_archive(folder, name) for name in forgotten])
    for secret in filter(None, secrets.values()):
        assert secret not in everything


def test_lets_doctor_look_at_the_folder(settings: Settings, tmp_path: Path) -> None:
    def look(path: Path | None) -> list[Level]:
        return [level for level, _text in look_at_archive(replace(settings, archive_dir=path))]

    assert look(None) == []
    assert look(tmp_path / "away") == [Level.FAIL]
    (tmp_path / "file").touch()
    assert look(tmp_path / "file") == [Level.FAIL]
    has_room = shutil.disk_usage(tmp_path).free >= LOW_BYTES
    assert look(tmp_path) == [Level.OK if has_room else Level.WARN]
