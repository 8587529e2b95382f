"""A restore by PostgreSQL's own programs: on a server that is older than they are, and where one ends early."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest
from flask import Flask
from sqlalchemy import text

from storefront.core.db import db
from storefront.core.depots import FolderDepot
from storefront.owner.backup.postgresql import pass_on
from storefront.owner.backup.restore import restore_backup
from tests.owner.backup.shops import IDENTITY, Machine, another_machine, die_in, with_backups
from tests.support.databases import Databases, start_old_postgresql
from tests.support.rows import change_rows, read_rows
from tests.support.shop import wait_for

pytestmark = pytest.mark.postgresql
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
PROGRAMS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'psql'"
MANY = (
    "INSERT INTO measurements (name, label, value) "
    "SELECT 'many', gen_random_uuid()::text, number FROM generate_series(1, 30000) AS number"
)
LIMIT = b"SET transaction_timeout = 0;\n"
HEAD = b"--\n-- PostgreSQL dump\n--\n\n\\restrict abc\n\nSET statement_timeout = 0;\n%sSET row_security = off;\n"
REST = b"\n-- Name: notes; Type: TABLE\n\nCREATE TABLE notes (note text);\nCOPY notes (note) FROM stdin;\n%s\\.\n"


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


@pytest.fixture
def machine(app: Flask, environment: dict[str, str], place: Path) -> Machine:
    made = Machine(environment)
    made.done("backup", place)
    return made


@pytest.fixture
def empty(environment: dict[str, str], all_databases: Databases, tmp_path: Path) -> Machine:
    return another_machine(environment, all_databases, "postgresql", tmp_path / "new")


@pytest.fixture(scope="module")
def old_server() -> Iterator[str]:
    with start_old_postgresql() as url:
        yield url


def restore(machine: Machine, place: Path) -> str:
    return machine.refused("restore", place, "--identity", "-", stdin=IDENTITY)


@pytest.mark.parametrize(
    ("left_out", "sql", "passed"),
    [
        ((), HEAD % LIMIT + REST % LIMIT, HEAD % LIMIT + REST % LIMIT),
        ((LIMIT,), HEAD % LIMIT + REST % LIMIT, HEAD % b"" + REST % LIMIT),
        ((LIMIT,), HEAD % b"" + REST % b"", HEAD % b"" + REST % b""),  # of older programs
        ((LIMIT,), b"", b""),
    ],
    ids=["new server", "old server", "old server, old programs", "nothing"],
)
def test_leaves_one_line_out_for_an_old_server(left_out: tuple[bytes, ...], sql: bytes, passed: bytes) -> None:
    server = BytesIO()
    assert pass_on(BytesIO(sql), server, left_out)
    assert server.getvalue() == b"BEGIN;\n" + passed


def test_brings_a_shop_back_on_a_server_that_is_older_than_the_programs(
    environment: dict[str, str], old_server: str, tmp_path: Path, place: Path
) -> None:
    urls = [old_server.replace("/postgres?", f"/{name}?") for name in ("before", "after")]
    before, after = (Machine(environment | {"DATABASE_URL": url}) for url in urls)
    before.done("db", "upgrade")
    words = tmp_path / "words.md"
    words.write_text(LIMIT.decode() * 2)  # in the data it stays
    before.done("pages", "create", "Imprint", "--text-file", words)
    before.done("backup", place)
    after.environment["FILES_URL"] = (tmp_path / "after").as_uri()
    after.done("restore", place, "--identity", "-", stdin=IDENTITY)
    with before.app() as one, after.app() as other:
        ask = "SELECT * FROM pages"
        assert read_rows(one, ask) == read_rows(other, ask) != []
        assert read_rows(other, "SHOW server_version_num")[0]["server_version_num"] < "170000"


def test_says_what_the_server_refused_and_keeps_nothing(machine: Machine, empty: Machine, place: Path) -> None:
    with empty.app() as app, app.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE ix_audit_entries_verb"))  # an index is made after all rows
    assert "psql did not succeed, so nothing was kept: " in (told := restore(empty, place))
    assert 'relation "ix_audit_entries_verb" already exists' in told
    with empty.app() as app:
        assert read_rows(app, TABLES) == []


def test_keeps_the_empty_tables_where_a_program_is_missing(
    machine: Machine, empty: Machine, place: Path, tmp_path: Path
) -> None:
    empty.done("db", "upgrade")
    (tmp_path / "bin").mkdir()
    for program in (shutil.which("pg_restore"), sys.executable):
        (tmp_path / "bin" / Path(str(program)).name).symlink_to(str(program))
    empty.environment["PATH"] = str(tmp_path / "bin")
    assert "psql is not on the PATH" in restore(empty, place)
    with empty.app() as app:
        assert read_rows(app, TABLES) != []


def test_says_what_to_do_where_no_temporary_file_can_be_made(
    machine: Machine, empty: Machine, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.done("db", "upgrade")
    known = sorted(place.rglob("*"))
    for folder in (str(tmp_path / "missing"), "/dev/null"):
        monkeypatch.setattr(tempfile, "tempdir", folder)
        for told in (machine.refused("backup", place), restore(empty, place)):
            assert f"Temporary files cannot be written in {folder} (" in told
            assert "set TMPDIR to another folder, then try again." in told
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert sorted(place.rglob("*")) == known
    with empty.app() as app:
        assert read_rows(app, TABLES) != []


def test_says_what_the_archive_lacks_and_keeps_nothing(
    machine: Machine, empty: Machine, place: Path, tmp_path: Path
) -> None:
    """A program that ends half way has written what the server could keep."""
    program = tmp_path / "bin" / "pg_restore"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'CREATE TABLE half (id integer);'\necho 'the rest is cut' >&2\nexit 1\n")
    program.chmod(0o755)
    empty.environment["PATH"] = f"{program.parent}{os.pathsep}{empty.environment['PATH']}"
    assert "pg_restore did not succeed, so nothing was kept: the rest is cut" in restore(empty, place)
    with empty.app() as app:
        assert read_rows(app, TABLES) == []


class Deadly(FolderDepot):
    """Ends the process when most of the database was read."""

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        with super().reading(name) as content:
            if name.endswith("database.age"):
                self.opened += 1
            yield _Ending(content) if self.opened == 2 else content  # type: ignore[misc] # all of it that is used

    opened = 0


class _Ending:
    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self._left = (os.fstat(content.fileno()).st_size) * 3 // 4

    def read(self, size: int = -1) -> bytes:
        chunk = self._content.read(size)
        self._left -= len(chunk)
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return chunk


def test_keeps_nothing_of_a_restore_that_was_killed_in_the_middle(
    machine: Machine, app: Flask, empty: Machine, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", empty.environment["PATH"])
    change_rows(app, MANY)  # so that the server has most of it
    machine.done("backup", place)

    def bring_back() -> None:
        with empty.app() as other, other.app_context():
            restore_backup(Deadly(place), None, identity=IDENTITY)

    die_in(bring_back)
    with empty.app() as restored:
        wait_for(lambda: read_rows(restored, PROGRAMS) == [])
        assert read_rows(restored, TABLES) == []
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)
