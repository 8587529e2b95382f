"""PostgreSQL's own tools, found on PATH: `pg_dump`, `pg_restore` and `psql`, of the server's version or newer.

`pg_restore` from 17 on sets a limit that older servers do not know, and ends there. So it writes SQL, which goes
without that line through `psql`, in one transaction: its COMMIT is sent when all of the SQL is there, and whatever
is killed before, nothing of it stays.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlalchemy import text
from sqlalchemy.engine import URL

from storefront.core.db import db
from storefront.core.temporary import temporary_files
from storefront.owner.backup.age import Source
from storefront.owner.backup.refusals import ToolFailed

SERVICE = "storefront"
# The queue's tables hold nudges, which the clock repeats; owners and rights are the new server's.
OURS = ("--no-owner", "--no-privileges", "--no-comments", "--no-password")
DUMP = ("pg_dump", "--format=custom", "--exclude-table=huey_*", *OURS)
RESTORE = ("pg_restore", "--file=-", "--exit-on-error", *OURS)
SQL = (
    "psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse",
    "--file=-", f"service={SERVICE}",
)  # fmt: skip
KNOWS_LIMIT = 170_000  # servers from this version on
LIMIT = b"SET transaction_timeout = 0;\n"
# What the lines before the first of the shop's own begin with.
HEAD = (b"\n", b"--", b"\\restrict ", b"SET ", b"SELECT pg_catalog.set_config(")
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
        pipe = subprocess.PIPE
        with (
            self._running(SQL, stdin=pipe, stdout=subprocess.DEVNULL) as (server, server_ends),
            self._running(RESTORE, stdin=pipe, stdout=pipe) as (archive, archive_ends),
            _passing_on(archive, server, _left_out_for(_drop_empty_tables())) as passed,  # both programs are there
        ):
            with suppress(BrokenPipeError):  # it ended early: its own words say why
                fill(_stream(archive.stdin))
                _stream(archive.stdin).close()
            if not passed.result():
                server_ends()
            archive_ends()
            with suppress(BrokenPipeError):
                _stream(server.stdin).write(b"COMMIT;\n")
                _stream(server.stdin).close()
            server_ends()

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
        login = f"[{SERVICE}]\n{_login(self._url)}"
        with ExitStack() as opened:
            with temporary_files():
                words = opened.enter_context(tempfile.TemporaryFile())
                service = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="storefront-")), "service")
                service.write_text(login, encoding="utf-8")
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
    return "".join(f"{name}={value}\n" for name, value in values.items() if name not in NOT_LIBPQ)


def _demand_success(process: "subprocess.Popen[bytes]", name: str, words: IO[bytes]) -> None:
    if process.wait() == 0:
        return
    words.seek(0)
    last = " ".join(words.read().decode(errors="replace").split())[-LAST_WORDS:]
    raise ToolFailed(f"{name} did not succeed, so nothing was kept: {last}")


def _left_out_for(version: int) -> Sequence[bytes]:
    return () if version >= KNOWS_LIMIT else (LIMIT,)


@contextmanager
def _passing_on(
    archive: "subprocess.Popen[bytes]", server: "subprocess.Popen[bytes]", left_out: Sequence[bytes]
) -> Iterator[Future[bool]]:
    """Meanwhile, pass on what the archive writes to the server. The result is whether all of it was taken."""
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(pass_on, _stream(archive.stdout), _stream(server.stdin), left_out)
        finally:  # where the block raised, either may wait for more
            server.kill()
            archive.kill()


def pass_on(sql: IO[bytes], server: IO[bytes], left_out: Sequence[bytes]) -> bool:
    """Copy it without some lines of its head."""
    try:
        server.write(b"BEGIN;\n")
        _pass_head_on(sql, server, left_out)
        shutil.copyfileobj(sql, server)
        server.flush()
    except BrokenPipeError:
        sql.close()  # so that the archive ends as well
        return False
    return True


def _pass_head_on(sql: IO[bytes], server: IO[bytes], left_out: Sequence[bytes]) -> None:
    for line in sql:
        if line not in left_out:
            server.write(line)
        if not line.startswith(HEAD):
            return


def _drop_empty_tables() -> int:
    """What `db upgrade` made in an empty database is in the way of what comes, which has its own.

    Returns the server's version, as 150004.
    """
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        names = list(connection.scalars(text(TABLES)))
        if names:
            connection.execute(text(f"DROP TABLE {', '.join(names)} CASCADE"))
        connection.execute(text("DROP FUNCTION IF EXISTS change_page_state(), refuse_audit_change()"))
        return int(connection.scalars(text("SHOW server_version_num")).one())
