"""The database is in trouble: people and programs are told to come back, and who has paid that it is safe."""

import math
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import exc

from storefront.core.measurements import MEASUREMENTS
from storefront.core.outages import POSTGRESQL, SQLITE, find_outage
from tests.cli.commands import refused, run
from tests.faults.database_trouble import (
    ORDER,
    RETURN,
    Break,
    deliver,
    demand_trouble,
    full,
    locked,
    read_only,
    used_up,
)
from tests.support.databases import BOTH
from tests.support.make_shop import MakeShop
from tests.support.rows import read_rows
from tests.support.shop import Buyer

JSON = {"Accept": "application/json"}
STATES = ["57P01", "57P02", "57P03", "08006", "25P03", "25P04", "40P01", "53300", "58030"]


@pytest.mark.parametrize("trouble", [locked, full, read_only, used_up], ids=lambda each: each.__name__)
def test_lets_stripe_deliver_again(app: Flask, trouble: Break) -> None:
    with trouble(app):
        # On a full disk some rows still fit into pages that are there.
        number, answer = next(
            (number, answer) for number in range(99) if (answer := deliver(app, number)).status_code != 200
        )
        demand_trouble(answer)
        assert answer.get_json()["error"]["code"] == "database_unavailable"
    assert deliver(app, number).status_code == 200
    assert len(read_rows(app, "SELECT id FROM stripe_events WHERE id = :id", id=f"evt_{number}")) == 1


@pytest.mark.parametrize("path", ["/", "/products/twinspot", ORDER + "/code"])
def test_has_a_page_that_needs_no_database(app: Flask, buyer: Buyer, path: str) -> None:
    buyer.add("twinspot", "Personal")
    with used_up(app):
        page = buyer.get(path)
        demand_trouble(page)
        assert "Nothing is lost" in page.text
        assert 'href=""' in page.text, "the way to try again"
        assert 'class="badge">1' in page.text, "the cart, from the cookie"
        assert buyer.get(path, headers=JSON).get_json()["error"]["code"] == "database_unavailable"
    assert buyer.get(path).status_code != 503


def test_keeps_nobody_waiting_twice(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """What is measured is stored with answers, once a minute: not with one that the database has just failed."""
    MEASUREMENTS.get(app)._flushed_at = -math.inf
    MEASUREMENTS.get(app).add("access_denials", "refunded")
    with used_up(app):
        demand_trouble(app.test_client().get("/"))
    assert "database unavailable" in caplog.text
    assert "measurements not stored" not in caplog.text


@pytest.mark.parametrize("path", [RETURN, ORDER, "/checkout/" + "0123456789abcdef" * 2])
def test_tells_who_has_paid_that_it_is_safe(app: Flask, buyer: Buyer, path: str) -> None:
    with used_up(app):
        page = buyer.get(path)
        demand_trouble(page)
        assert "your payment is safe" in page.text
        assert "t pay again" in page.text
        assert "<form" not in page.text
        assert 'data-poll="checked"' in page.text
        asked = buyer.get(path, headers=JSON)
        demand_trouble(asked)
        assert asked.get_json()["state"] == "checked"
        assert asked.get_json()["error"]["code"] == "database_unavailable"


@pytest.mark.parametrize("operation", ["activate", "validate", "deactivate"])
def test_says_nothing_about_a_license(app: Flask, operation: str) -> None:
    client = app.test_client()
    form = {"license_key": "TWIN-1", "instance_name": "a", "instance_id": "b"}
    with used_up(app):
        answer = client.post(f"/v1/licenses/{operation}", data=form)
    demand_trouble(answer)
    said = answer.get_json()
    assert (said["code"], said["license_key"], said["meta"]) == ("UNAVAILABLE", None, None)
    assert False in said.values()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_answers_verifiers_in_json(app: Flask) -> None:
    with used_up(app):
        answer = app.test_client().get("/.well-known/storefront-keys.json")
    demand_trouble(answer)
    assert answer.get_json()["error"]["code"] == "database_unavailable"


def test_asks_who_downloads_to_come_back(app: Flask, buyer: Buyer) -> None:
    with used_up(app):
        demand_trouble(buyer.get(f"/downloads/{'0' * 32}/1/book.epub"))
        demand_trouble(buyer.get(f"/downloads/{'0' * 32}/all.zip"))


@pytest.mark.parametrize("broken", ["folder", "nonsense"])
def test_is_the_same_for_a_file_that_is_no_database(make_shop: MakeShop, tmp_path: Path, broken: str) -> None:
    if broken == "folder":
        (tmp_path / "shop.db").mkdir()
    else:
        (tmp_path / "shop.db").write_text("this is no database " * 100)
    client = make_shop().test_client()
    demand_trouble(client.get("/"))
    demand_trouble(client.get(RETURN))


def test_keeps_a_bug_a_bug(app: Flask) -> None:
    """A statement that names a table that is not there: nothing to wait for."""
    app.testing = False
    with app.app_context():
        from storefront.core.db import db

        with db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE products RENAME TO gone")
    answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert "Sorry, something went wrong on our side" in answer.text


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("version", [None, "0004"], ids=["never migrated", "behind"])
def test_is_the_same_until_the_schema_is_upgraded(app: Flask, buyer: Buyer, version: str | None) -> None:
    """What every upgrade's minute looks like, and a shop whose owner forgot `db upgrade`."""
    from storefront.core.db import db

    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE orders RENAME TO gone")
        connection.exec_driver_sql("ALTER TABLE products RENAME COLUMN slug TO other")
        if version is None:
            connection.exec_driver_sql("DROP TABLE alembic_version")
        else:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    demand_trouble(buyer.get("/"))
    demand_trouble(buyer.get(RETURN))
    demand_trouble(deliver(app, 1))


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("version", [None, "0004"], ids=["never migrated", "behind"])
def test_says_to_a_command_that_an_upgrade_is_due(command: CliRunner, app: Flask, version: str | None) -> None:
    from storefront.core.db import db

    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE notices RENAME TO gone")
        if version is None:
            connection.exec_driver_sql("DROP TABLE alembic_version")
        else:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    assert "run `storefront db upgrade`" in refused(command, "needs-you")
    doctor = run(command, "doctor")
    assert doctor.exit_code == 1
    assert "run `storefront db upgrade`" in next(
        line for line in doctor.output.splitlines() if "database:" in line
    )


@pytest.mark.parametrize("words", ["needs-you", "db upgrade"])
def test_says_to_a_command_where_to_look(command: CliRunner, environment: dict[str, str], words: str) -> None:
    Path(environment["DATABASE_URL"].removeprefix("sqlite:///")).write_text("this is no database " * 100)
    said = refused(command, *words.split())
    assert "DATABASE_URL" in said
    assert "Traceback" not in said


def of_sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("as the driver raises it")
    error.sqlite_errorcode = code
    return error


def wrapped(raw: BaseException, *, lost: bool = False) -> exc.DBAPIError:
    return exc.OperationalError("SELECT 1", {}, raw, connection_invalidated=lost)


@pytest.mark.parametrize("code", [*SQLITE, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_BUSY_SNAPSHOT])
def test_knows_the_troubles_of_sqlite(code: int) -> None:
    assert find_outage(wrapped(of_sqlite(code))) is not None


@pytest.mark.parametrize("state", [*(state for state in POSTGRESQL if len(state) == 5), *STATES])
def test_knows_the_troubles_of_postgresql(state: str) -> None:
    assert find_outage(wrapped(psycopg.errors.lookup(state)("as the driver raises it"))) is not None


TROUBLE: list[Any] = [
    psycopg.OperationalError("connection failed"),
    psycopg.InterfaceError("the connection is closed"),
    wrapped(sqlite3.ProgrammingError("Cannot operate on a closed database."), lost=True),
    exc.TimeoutError("QueuePool limit"),
]
BUGS: list[Any] = [
    wrapped(of_sqlite(sqlite3.SQLITE_ERROR)),
    wrapped(of_sqlite(sqlite3.SQLITE_CONSTRAINT_UNIQUE)),
    wrapped(sqlite3.ProgrammingError("Incorrect number of bindings supplied")),
    wrapped(psycopg.errors.UndefinedTable("no such table")),
    wrapped(psycopg.errors.UniqueViolation("twice")),
    wrapped(psycopg.ProgrammingError("wrong")),
    exc.InvalidRequestError("this session"),
    exc.NoResultFound("none"),
    LookupError("ours"),
]


@pytest.mark.parametrize("error", TROUBLE)
def test_knows_a_connection_that_is_gone(error: BaseException) -> None:
    assert find_outage(error) is not None


@pytest.mark.parametrize("error", BUGS)
def test_takes_no_bug_for_trouble(error: BaseException) -> None:
    assert find_outage(error) is None


@pytest.mark.parametrize("before", [TROUBLE[0], BUGS[0]])
def test_asks_what_came_before_where_somebody_went_on(before: BaseException) -> None:
    later = exc.PendingRollbackError("Can't reconnect")
    later.__context__ = before
    assert (find_outage(later) is None) is (before is BUGS[0])
