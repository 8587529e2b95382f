"""Whether anything can be written: tried for real, and seen before it is too late."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.app import create_app
from storefront.core import clock
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.core.measurements import MEASUREMENTS, hour_of
from storefront.core.runtime import runtime
from storefront.migrations.state import find_problem
from storefront.owner.health.room import look_at_places
from storefront.owner.health.writing import WRITE_PROBE
from tests.cli.commands import refused
from tests.faults.database_trouble import Break, full, locked, read_only, used_up
from tests.payments.reconcile.sales import days_ago
from tests.support.databases import BOTH
from tests.support.nobody import as_nobody
from tests.support.rows import read_rows
from tests.support.statements import counted


def forget(app: Flask) -> None:
    """As if the seconds had passed in which an answer is kept."""
    WRITE_PROBE.get(app)._until = 0.0


@pytest.mark.parametrize("trouble", [locked, full, read_only], ids=lambda each: each.__name__)
def test_is_not_ready_while_nothing_can_be_written(app: Flask, trouble: Break) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    forget(app)
    with trouble(app):
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.get_json()["problem"].startswith("nothing can be written to the database (")
        assert client.get("/healthz").status_code == 200
    forget(app)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_writes_once_in_a_while_however_many_ask_and_leaves_nothing(app: Flask) -> None:
    client = app.test_client()
    writes = []
    for _again in range(3):
        with counted(app) as statements:
            assert client.get("/readyz").status_code == 200
        writes.append(sum(statement.startswith("INSERT") for statement in statements))
    assert writes == [1, 0, 0]
    assert read_rows(app, "SELECT name FROM measurements WHERE name = 'write_probe'") == []


def test_says_it_in_a_terminal_too(command: CliRunner, app: Flask, environment: dict[str, str]) -> None:
    path = Path(environment["DATABASE_URL"].removeprefix("sqlite:///"))
    path.write_text("this is no database " * 100)
    assert "The shop cannot serve" in refused(command, "status")


def places(environment: dict[str, str], **changes: str) -> dict[str, Any]:
    return {place.name: place for place in look_at_places(load_settings(environment | changes))}


def test_looks_where_database_queue_and_files_lie_or_will_lie(environment: dict[str, str], tmp_path: Path) -> None:
    looked_at = places(environment, FILES_URL=f"file://{tmp_path}/to/come/files")
    assert list(looked_at) == ["the database", "the queue", "the files"]
    assert all(place.is_writable and place.free_bytes > 0 for place in looked_at.values())
    elsewhere = {"DATABASE_URL": "postgresql://db/shop", "QUEUE_URL": "redis://queue", "LIMITS_URL": "memory://"}
    assert list(places(environment, **(elsewhere | {"QUEUE_URL": "postgresql://db/queue"}))) == ["the files"]


def test_misses_a_folder_that_cannot_be_written(app: Flask, environment: dict[str, str], tmp_path: Path) -> None:
    """Where a file stands in its way: of the owner's rights a test that runs as root sees nothing."""
    (tmp_path / "in-the-way").write_text("a file")
    blocked = f"{tmp_path}/in-the-way/deeper"
    looked_at = places(environment, FILES_URL=f"file://{blocked}", QUEUE_URL=f"sqlite:///{blocked}/queue.db")
    assert {name: place.is_writable for name, place in looked_at.items()} == {
        "the database": True,
        "the queue": False,
        "the files": False,
    }


def test_says_that_a_file_lies_where_the_folder_of_files_should(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "goods").write_text("a file")
    looked_at = places(environment, FILES_URL=f"file://{tmp_path}/goods")
    assert looked_at["the files"].is_writable is False
    assert "a file where FILES_URL wants a folder" in looked_at["the files"].obstacle
    assert not looked_at["the database"].obstacle, "which is a file"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_says_that_files_lie_on_no_disk(environment: dict[str, str]) -> None:
    files = places(environment, FILES_URL="file:///proc/nofiles")["the files"]
    assert (files.free_bytes, "is on no disk" in files.obstacle) == (0, True)


def test_misses_a_folder_that_it_may_not_even_look_into(environment: dict[str, str], tmp_path: Path) -> None:
    """As after a command that root typed: everything it makes is for root alone."""
    closed = tmp_path / "closed"
    (closed / "deeper").mkdir(parents=True)
    settings = load_settings(environment | {"FILES_URL": f"file://{closed}/deeper/files"})
    closed.chmod(0)
    try:
        with as_nobody():
            writable = {place.name: place.is_writable for place in look_at_places(settings)}
    finally:
        closed.chmod(0o700)
    assert writable["the files"] is False


@pytest.fixture
def seen_by_all() -> Iterator[Path]:
    """A folder that every user can look into: those of pytest are closed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def test_says_that_a_folder_became_read_only(app: Flask, environment: dict[str, str], seen_by_all: Path) -> None:
    path = seen_by_all / "shop.db"
    with closing(sqlite3.connect(runtime(app).settings.database_url.removeprefix("sqlite:///"))) as source:
        source.execute("VACUUM INTO ?", (str(path),))
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("PRAGMA journal_mode=WAL")
    path.chmod(0o444)
    seen_by_all.chmod(0o555)
    other = create_app(load_settings(environment | {"DATABASE_URL": f"sqlite:///{path}"}))
    with as_nobody(), other.app_context():
        problem = find_problem()
        db.session.remove()
        db.engine.dispose()
    assert problem is not None
    assert "cannot be written by this user" in problem


def test_counts_answers_that_are_errors_of_the_shop(app: Flask) -> None:
    client = app.test_client()
    with used_up(app):
        assert [client.get("/").status_code for _ in range(10)] == [503] * 10
    client.get("/metrics")  # adds what this process has counted
    codes = [warning["code"] for warning in client.get("/readyz").get_json()["warnings"]]
    assert "answers_fail" in codes


def test_forgets_hours_that_are_long_over(app: Flask) -> None:
    client = app.test_client()
    with days_ago(3):
        MEASUREMENTS.get(app).answer(has_failed=True)
        client.get("/metrics")
    assert len(read_rows(app, "SELECT label FROM measurements WHERE name = 'answers'")) == 1
    MEASUREMENTS.get(app).answer(has_failed=True)
    client.get("/metrics")
    labels = [row["label"] for row in read_rows(app, "SELECT label FROM measurements WHERE name = 'answers'")]
    assert labels == [f"{hour_of(clock.now())} failed"]
