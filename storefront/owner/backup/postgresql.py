"""PostgreSQL's own tools, found on PATH: `pg_dump` and `pg_restore`, of the server's version or newer."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlalchemy import text
from sqlalchemy.engine import URL

from storefront.core.db import db
from storefront.owner.backup.age import Source
from storefront.owner.backup.refusals import ToolFailed

SERVICE = "storefront"
# The queue's tables hold nudges, which the clock repeats; owners and rights are the new server's.
OURS = ("--no-owner", "--no-privileges", "--no-comments", "--no-password")
DUMP = ("pg_dump", "--format=custom", "--exclude-table=huey_*", *OURS)
RESTORE = ("pg_restore", "--single-transaction", "--exit-on-error", f"--dbname=service={SERVICE}", *OURS)
TABLES = (
    "SELECT quote_ident(tablename) FROM pg_tables "
    "WHERE schemaname = current_schema() AND tablename NOT LIKE 'huey_%'"
)
NOT_LIBPQ = ("context", "connect_timeout")
LAST_WORDS = 300


class Postgresql:
    engine = "postgresql"

    def __init__(self, url: URL) -> None:
        self._url = url

    @contextmanager
    def dumping(self) -> Iterator[Source]:
        with self._running(DUMP, stdout=subprocess.PIPE) as (process, ends):
            yield _stream(process.stdout)
            ends()

    def restore(self, fill: Callable[[IO[bytes]], None], *, size_bytes: int) -> None:  # noqa: ARG002 - a server's disk is not ours to see
        _drop_empty_tables()
        with self._running(RESTORE, stdin=subprocess.PIPE) as (process, ends):
            stdin = _stream(process.stdin)
            with suppress(BrokenPipeError):  # it ended early: its own words say why
                fill(stdin)
                stdin.close()
            ends()

    @contextmanager
    def _running(
        self, command: tuple[str, ...], *, stdin: int | None = None, stdout: int | None = None
    ) -> Iterator[tuple["subprocess.Popen[bytes]", Callable[[], None]]]:
        """Run a tool, ended where the block raises. Its login is in a file: everybody sees command lines."""
        program = shutil.which(command[0])
        if program is None:
            raise ToolFailed(
                f"{command[0]} is not on the PATH: install PostgreSQL's client programs "
                "(Debian: apt install postgresql-client), of the server's version or newer."
            )
        with tempfile.TemporaryDirectory(prefix="storefront-") as folder, tempfile.TemporaryFile() as words:
            service = Path(folder) / "service"
            service.write_text(f"[{SERVICE}]\n{_login(self._url)}", encoding="utf-8")
            environment = os.environ | {"PGSERVICEFILE": str(service), "PGSERVICE": SERVICE}
            process = subprocess.Popen(  # noqa: S603 - ours
                [program, *command[1:]], stdin=stdin, stdout=stdout, stderr=words, env=environment
            )
            try:
                yield process, lambda: _demand_success(process, command[0], words)
            finally:
                process.kill()
                process.wait()
                for pipe in filter(None, (process.stdin, process.stdout)):
                    with suppress(BrokenPipeError):
                        pipe.close()


def _stream(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("started without this pipe")
    return pipe


def _login(url: URL) -> str:
    """Write what libpq knows by these names (https://www.postgresql.org/docs/current/libpq-pgservice.html)."""
    _positional, values = db.engine.dialect.create_connect_args(url)
    return "".join(
        f"{name}={value}\n" for name, value in values.items() if name not in ("context", "connect_timeout")
    )


def _demand_success(process: "subprocess.Popen[bytes]", name: str, words: IO[bytes]) -> None:
    if process.wait() == 0:
        return
    words.seek(0)
    last = " ".join(words.read().decode(errors="replace").split())[-LAST_WORDS:]
    raise ToolFailed(f"{name} did not succeed, so nothing was kept: {last}")


def _drop_empty_tables() -> None:
    """What `db upgrade` made in an empty database is in the way of what comes, which has its own."""
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        names = list(connection.scalars(text(TABLES)))
        if names:
            connection.execute(text(f"DROP TABLE {', '.join(names)} CASCADE"))
        connection.execute(text("DROP FUNCTION IF EXISTS change_page_state(), refuse_audit_change()"))
