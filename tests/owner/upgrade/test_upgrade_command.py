"""`storefront db upgrade` says before what it does, wants a way back, and runs once at a time."""

import io
import sqlite3
from contextlib import closing, redirect_stderr
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.exc import OperationalError

from storefront.cli import main
from storefront.core import clock
from storefront.core.db import db
from storefront.core.one_at_a_time import alone
from storefront.delivery.licenses.sealed import LICENSE_KEYS
from storefront.migrations import plan, schema
from storefront.migrations.head import head, revisions
from tests.cli.commands import done, refused, run
from tests.migrations.tables import go_down
from tests.owner.backup.shops import IDENTITY, Machine, another_machine, with_backups
from tests.support.databases import BOTH, Databases
from tests.support.rows import change_rows, read_rows
from tests.support.shop import PATIENCE_SECONDS

BEFORE = revisions()[-2]
OLD = "0044"  # so that a step in between makes tables anew
OLDEST = '''"""Forget the old names."""

revision = "0100"
oldest_code = "0099"


def upgrade():
    with op.batch_alter_table("orders") as table:
        table.drop_column("old_name")
'''


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


@pytest.fixture
def old(app: Flask) -> Flask:
    with app.app_context():
        go_down(app, BEFORE)
        db.session.remove()
    return app


def revision_of(app: Flask) -> str:
    return str(read_rows(app, "SELECT version_num FROM alembic_version")[0]["version_num"])


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_wants_a_backup_of_today_where_there_is_something_to_lose(
    old: Flask, command: CliRunner, tmp_path: Path
) -> None:
    assert "The shop has seen no backup. Make one with `storefront backup`" in refused(command, "db", "upgrade")
    assert revision_of(old) == BEFORE
    done(command, "backup", str(tmp_path / "backups"))
    change_rows(old, "UPDATE measurements SET value = value - 90000 WHERE name = 'backed_up_at'")
    assert "The last backup was made 20" in refused(command, "db", "upgrade")
    change_rows(old, "UPDATE measurements SET value = value + 9000000 WHERE name = 'backed_up_at'")
    assert "still to come: the clock was ahead. Make one" in refused(command, "db", "upgrade")
    done(command, "backup", str(tmp_path / "backups"))
    told = done(command, "db", "upgrade")
    assert f"From schema {BEFORE} to {head()}:" in told
    assert f"  {head()}  {plan.read_step(head()).title}" in told
    assert f"Done: the schema is {head()}." in told
    assert done(command, "db", "upgrade") == f"Nothing to do: the schema is {head()}.\n"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_takes_the_backup_that_the_shop_was_restored_from_today(
    old: Flask, environment: dict[str, str], all_databases: Databases, engine: str, tmp_path: Path
) -> None:
    Machine(environment).done("backup", tmp_path / "backups")
    new = another_machine(environment, all_databases, engine, tmp_path / "new")
    told = new.done("restore", tmp_path / "backups", "--identity", "-", stdin=IDENTITY)
    name = told.partition(" is back")[0]
    assert "run `storefront db upgrade`" in told
    for hours in (25, -25):
        with time_machine.travel(clock.now() + timedelta(hours=hours), tick=True):
            assert "The shop has seen no backup." in new.refused("db", "upgrade")
    told = new.done("db", "upgrade")
    assert f"The way back is {name}, which this shop was restored from" in told
    assert f"Done: the schema is {head()}." in told


def test_goes_on_without_one_when_told(old: Flask, command: CliRunner) -> None:
    shown = done(command, "db", "upgrade", "--dry-run")
    assert (f"  {head()}  " in shown, revision_of(old)) == (True, BEFORE)
    done(command, "db", "upgrade", "--without-backup")
    assert revision_of(old) == head()


def test_asks_for_none_in_a_new_database(environment: dict[str, str], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'shop.db'}"
    new = CliRunner(env=environment | {"DATABASE_URL": url, "STOREFRONT_ENV_FILE": ""})
    assert f"A new database: all {len(revisions())} steps" in done(new, "db", "upgrade")


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_seals_a_new_shop_whose_upgrade_was_killed_when_the_tables_were_there(
    environment: dict[str, str], all_databases: Databases, engine: str, tmp_path: Path
) -> None:
    new = another_machine(environment, all_databases, engine, tmp_path / "new")
    keys = "SELECT name FROM data_keys"
    with new.app() as app:
        schema.upgrade(app)
        assert read_rows(app, keys) == []
        new.done("db", "upgrade", "--dry-run")
        assert read_rows(app, keys) == []
        assert new.done("db", "upgrade") == f"Nothing to do: the schema is {head()}.\n"
        assert read_rows(app, keys) == [{"name": LICENSE_KEYS}]


def test_seals_no_shop_that_somebody_runs(app: Flask, command: CliRunner) -> None:
    """Code that is older, and serves beside it, reads no sealed keys."""
    change_rows(app, "DELETE FROM data_keys")
    done(command, "db", "upgrade")
    assert read_rows(app, "SELECT name FROM data_keys") == []


def test_says_how_many_rows_are_made_anew(app: Flask, command: CliRunner) -> None:
    with app.app_context():
        go_down(app, OLD)
        db.session.remove()
    rebuilt = {name for step in plan.find_steps(OLD) for name in step.rebuilt}
    told = done(command, "db", "upgrade", "--dry-run")
    assert "Made anew while nobody else can write, with so many rows: " in told
    assert any(f"{name} (" in told for name in rebuilt)


ORPHAN = (
    "INSERT INTO person_links (person_id, seed, link_hash, created_at, expires_at) "
    "VALUES (4711, x'00', '{name}', '2026-01-01', '2026-01-01')"
)


def at_sqlites_own_prompt(app: Flask, statement: str) -> None:
    """Where foreign keys are off."""
    with app.app_context():
        path = db.engine.url.database
    with closing(sqlite3.connect(str(path), isolation_level=None)) as connection:
        connection.execute(statement)


def test_names_rows_that_pointed_to_nothing_before_and_goes_on(old: Flask, command: CliRunner) -> None:
    at_sqlites_own_prompt(old, ORPHAN.format(name="old"))
    answer = run(command, "db", "upgrade", "--without-backup")
    assert (answer.exit_code, revision_of(old)) == (0, head())
    assert "rows point to nothing" in answer.stderr
    assert "person_links" in answer.stderr


def test_takes_back_an_upgrade_that_would_leave_more_of_them(old: Flask, command: CliRunner) -> None:
    at_sqlites_own_prompt(old, ORPHAN.format(name="old"))
    breaks = f"AFTER UPDATE ON alembic_version BEGIN {ORPHAN.format(name='new')}; END"
    at_sqlites_own_prompt(old, f"CREATE TRIGGER breaks {breaks}")
    answer = run(command, "db", "upgrade", "--without-backup")
    assert answer.exit_code == 1
    assert "nothing was changed: rows would point to nothing then (1 of person_links to people)" in answer.stderr
    assert revision_of(old) == BEFORE
    assert read_rows(old, "SELECT link_hash FROM person_links") == [{"link_hash": "old"}]
    at_sqlites_own_prompt(old, "DROP TRIGGER breaks")
    done(command, "db", "upgrade", "--without-backup")


class Hearing(io.StringIO):
    """A terminal that says when it was told something."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        self.has_heard = Event()

    def write(self, text: str) -> int:
        if self.words in text:
            self.has_heard.set()
        return super().write(text)


def test_waits_for_another_one_and_says_so(
    old: Flask, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (environment | {"STOREFRONT_ENV_FILE": ""}).items():
        monkeypatch.setenv(name, value)
    terminal, is_held = Hearing("Another upgrade is at work: waiting for it."), Event()

    def upgrade_first() -> None:
        with old.app_context(), alone("upgrade"):
            is_held.set()
            assert terminal.has_heard.wait(PATIENCE_SECONDS)
            schema.upgrade(old)
            db.session.remove()

    first = Thread(target=upgrade_first)
    first.start()
    assert is_held.wait(PATIENCE_SECONDS)
    with redirect_stderr(terminal):
        main(["db", "upgrade"], standalone_mode=False)
    first.join()
    assert f"Nothing to do: the schema is {head()}." in capsys.readouterr().out


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_says_what_to_do_when_a_step_fails_and_changes_nothing(app: Flask, command: CliRunner) -> None:
    with app.app_context():
        go_down(app, "0050")
        db.session.remove()
    change_rows(app, "ALTER TABLE licenses ADD COLUMN label TEXT")  # as the step of 0051 will
    told = refused_late(command)
    assert "nothing was changed: " in told
    assert "label" in told
    assert revision_of(app) == "0050"


@pytest.mark.parametrize("engine", [BOTH[1]], indirect=True)
def test_names_what_postgresql_does_not_do_when_a_step_fails_with_it(app: Flask, command: CliRunner) -> None:
    """Not as an outage, where trying again would be all there is to do."""
    with app.app_context():
        go_down(app, "0066")
        db.session.remove()
    change_rows(app, "CREATE VIEW my_sales AS SELECT number, total_minor FROM orders")
    told = refused_late(command)
    assert "nothing was changed: cannot alter type of a column used by a view or rule." in told
    assert revision_of(app) == "0066"
    change_rows(app, "DROP VIEW my_sales")
    done(command, "db", "upgrade", "--without-backup")


class EndedForASale(Exception):
    sqlstate = "40P01"


def test_begins_again_where_a_sale_was_in_its_way(
    old: Flask, command: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL ends one of two that wait for each other."""
    endings = [EndedForASale(), EndedForASale()]
    upgrade = schema.upgrade

    def upgrade_late(app: Flask) -> None:
        if endings:
            raise OperationalError("DROP INDEX", {}, endings.pop())
        upgrade(app)

    monkeypatch.setattr(schema, "upgrade", upgrade_late)
    answer = run(command, "db", "upgrade", "--without-backup")
    assert answer.exit_code == 0, answer.output
    assert answer.stderr.count("The shop was at work in the same tables. Trying again.") == 2
    assert revision_of(old) == head()


def refused_late(command: CliRunner) -> str:
    answer = run(command, "db", "upgrade", "--without-backup")
    assert answer.exit_code == 1, answer.output
    return answer.stderr


def test_does_nothing_to_a_database_of_newer_code(app: Flask, command: CliRunner) -> None:
    change_rows(app, "UPDATE alembic_version SET version_num = '9999'")
    assert "of newer code (schema 9999): there is nothing to upgrade" in done(command, "db", "upgrade")
    change_rows(app, "UPDATE alembic_version SET version_num = 'other'")
    assert "'other', which this code does not know" in refused(command, "db", "upgrade")


def test_reads_of_a_step_what_it_takes_away(tmp_path: Path) -> None:
    path = tmp_path / "0100_names.py"
    path.write_text(OLDEST)
    step = plan._parse("0100", path)
    assert (step.title, step.oldest_code, step.rebuilt) == ("Forget the old names.", "0099", ("orders",))
