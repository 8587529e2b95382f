"""The replica answers what only reads; away, late or failing, the primary does. Two databases of one server."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InternalError
from sqlalchemy.pool import QueuePool

from storefront.app import create_app
from storefront.core import clock
from storefront.core.config.settings import load_settings
from storefront.core.db import db, transaction
from storefront.core.errors import NotFound
from storefront.core.measurements import flush
from storefront.core.replica import REPLICA, Replica, ReplicaReader, at_replica, close_replica, look_at_replica
from storefront.orders.models import Order
from storefront.owner.admin.own_writes import NAME
from storefront.owner.doctor.engines import look_at_read_replica
from storefront.owner.figures.read import read_figures
from storefront.owner.figures.spans import Span
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from storefront.owner.health.watch_replica import watch_replica
from storefront.owner.orders.listing import OrderFilter, list_orders
from tests.cli.commands import done, read_json
from tests.support.databases import Databases
from tests.support.factories import make_order
from tests.support.people import make_person, sign_in_at_admin
from tests.support.shop import Buyer
from tests.support.statements import counted

pytestmark = [pytest.mark.postgresql, pytest.mark.parametrize("engine", ["postgresql"], indirect=True)]
WHERE = text("SELECT current_database()")
# What a replica says of itself, found before the server's own functions.
STANDBY = """
CREATE SCHEMA standby;
CREATE TABLE standby.state (place pg_lsn, behind_seconds int, was_promoted bool);
CREATE FUNCTION standby.pg_is_in_recovery() RETURNS bool LANGUAGE sql
    AS 'SELECT NOT was_promoted FROM standby.state';
CREATE FUNCTION standby.pg_walfile_name(pg_lsn) RETURNS text LANGUAGE sql AS 'SELECT ''0000000200000000''';
CREATE FUNCTION standby.pg_last_wal_replay_lsn() RETURNS pg_lsn LANGUAGE sql AS 'SELECT place FROM standby.state';
CREATE FUNCTION standby.pg_last_xact_replay_timestamp() RETURNS timestamptz LANGUAGE sql
    AS 'SELECT clock_timestamp() - make_interval(secs => behind_seconds) FROM standby.state';
INSERT INTO standby.state VALUES ('0/1', 0, false);
ALTER DATABASE "NAME" SET search_path = standby, public, pg_catalog;
"""


@pytest.fixture
def replica_url(all_databases: Databases, tmp_path: Path) -> str:
    return all_databases.make("postgresql", tmp_path / "replica")


@pytest.fixture
def environment(environment: dict[str, str], replica_url: str) -> dict[str, str]:
    return environment | {"DATABASE_READ_URL": replica_url}


@pytest.fixture
def app(app: Flask) -> Iterator[Flask]:
    yield app
    with app.app_context():
        close_replica()


@pytest.fixture
def replica(environment: dict[str, str], replica_url: str) -> Iterator[Flask]:
    """The shop of the other database, to put rows into it."""
    shop = create_app(load_settings({**environment, "DATABASE_URL": replica_url, "DATABASE_READ_URL": ""}))
    yield shop
    with shop.app_context():
        db.session.remove()
        db.engine.dispose()


def name_of(url: str) -> str:
    return psycopg.conninfo.conninfo_to_dict(url)["dbname"]  # type: ignore[return-value] # it is there


def where() -> str:
    return str(db.session.execute(WHERE).scalar_one())


@pytest.fixture
def primary_name(environment: dict[str, str]) -> str:
    return name_of(environment["DATABASE_URL"])


@pytest.fixture
def replica_name(replica_url: str) -> str:
    return name_of(replica_url)


def test_asks_there_what_only_reads_and_gives_the_session_back(
    app: Flask, primary_name: str, replica_name: str
) -> None:
    def fail() -> str:
        raise ZeroDivisionError

    with app.app_context():
        before = db.session()
        assert at_replica(where) == replica_name
        with suppress(ZeroDivisionError):
            at_replica(fail)
        assert db.session() is before
        assert where() == primary_name
        with transaction():
            assert at_replica(where) == primary_name  # it decides
        db.session.remove()


def test_writes_nothing_there_and_nothing_in_its_place(app: Flask) -> None:
    def write() -> None:
        db.session.execute(text("UPDATE orders SET name = 'x'"))

    def change() -> None:
        with transaction():
            pass

    with app.app_context():
        with pytest.raises(InternalError, match="read-only transaction"):
            at_replica(write)
        with pytest.raises(RuntimeError, match="at the replica"):
            at_replica(change)
        db.session.remove()


def test_shows_lists_and_figures_of_the_replica_and_an_order_of_the_primary(app: Flask, replica: Flask) -> None:
    """Rows of orders are in one of them alone, which tells who was asked."""
    browser = sign_in_at_admin(app, make_person(app))
    forget_own_writes(browser)
    now = clock.now()
    make_order(replica, number="THERE", email="there@shop.example", name="Thea Re", paid_at=now, total_minor=4200)
    make_order(app, number="HERE", email="here@shop.example", name="Hera", paid_at=now)
    listed = browser.get("/admin/orders").text
    assert ("THERE" in listed, "HERE</a>" in listed.replace("THERE", "")) == (True, False)
    assert "there@shop.example" in browser.get("/admin/buyers?email=Thea").location
    assert "42.00" in browser.get("/admin").text
    today = now.date().isoformat()
    assert "THERE" in browser.get(f"/admin/accounting/export?first={today}&last={today}").text
    assert browser.get("/admin/orders/THERE").status_code == 404
    assert browser.get("/admin/orders/HERE").status_code == 200
    # One that was placed a moment ago is found by its number, and leads on as an older one, too.
    assert browser.get("/admin/orders?q=HERE").location == "/admin/orders/HERE"
    assert browser.get("/admin/orders?older_than=HERE").status_code == 200


def test_shows_who_saved_something_what_the_primary_has(app: Flask, replica: Flask) -> None:
    """The replica never has what is saved here: it is as late as can be."""
    browser, other = (sign_in_at_admin(app, make_person(app, f"{name}@shop.example")) for name in "ab")
    forget_own_writes(other)
    now = clock.now()
    make_order(app, number="HERE", email="here@shop.example", name="Hera", paid_at=now, total_minor=4200)
    forget_own_writes(browser)
    assert "HERE" not in browser.get("/admin/orders").text
    answer = browser.post("/admin/orders/HERE/notes", note="Called us.", form="f" * 32)
    assert answer.status_code == 303
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(NAME))
    assert {"Max-Age=11", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "HERE" in browser.get("/admin/orders").text
    assert "42.00" in browser.get("/admin").text
    assert browser.get("/admin/buyers?email=Hera").status_code == 303
    assert "HERE" not in other.get("/admin/orders").text
    forget_own_writes(browser)  # as it does by itself, when the replica has to have it
    assert "HERE" not in browser.get("/admin/orders").text


def forget_own_writes(browser: Buyer) -> None:
    browser.client.delete_cookie(NAME, domain="localhost")


def test_asks_the_primary_for_no_row_of_a_list(app: Flask) -> None:
    span = Span(first=clock.now().date(), last=clock.now().date())
    with app.app_context(), counted(app) as statements:
        list_orders()
        list_orders(OrderFilter(country="DE"))
        read_figures(span)
        db.session.remove()
    assert [statement for statement in statements if "orders" in statement] == []
    assert len(statements) <= 5  # where its log is, three times, and the profile with its mark


def test_does_without_one_that_is_away_and_asks_it_seldom(
    environment: dict[str, str], primary_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        calls: list[object] = []
        Thread(target=_hang_up, args=(nobody, calls), daemon=True).start()
        url = f"postgresql://shop@127.0.0.1:{nobody.getsockname()[1]}/shop"
        shop = create_app(load_settings(environment | {"DATABASE_READ_URL": url}))
        with shop.app_context():
            assert [at_replica(where) for _ in range(3)] == [primary_name] * 3
            assert len(calls) == 1
            state = look_at_replica()
            watch_replica()
            flush(only_when_due=False)
            assert "replica_late" in {warning.code for warning in find_warnings(read_trouble())}
            db.session.remove()
            db.engine.dispose()
    assert state is not None
    assert (state.lag_seconds, state.problem) == (None, "doesn't answer")
    assert caplog.messages.count("replica is not asked") == 1


def _hang_up(server: socket.socket, calls: list[object]) -> None:
    with suppress(OSError):
        while True:
            connection, address = server.accept()
            calls.append(address)
            connection.close()


def test_does_without_one_that_is_late(
    app: Flask, environment: dict[str, str], replica_url: str, primary_name: str, replica_name: str
) -> None:
    """A quiet primary commits nothing for hours: who has read all of its log is not late."""
    with psycopg.connect(replica_url, autocommit=True) as server:
        server.execute(STANDBY.replace("NAME", replica_name).encode())
        for place, behind, asked in (
            ("0/1", 1, replica_name),
            ("0/1", 60, primary_name),
            ("FFFFFFFF/0", 9000, replica_name),
            ("0/1", None, primary_name),
            (None, 1, primary_name),
        ):
            server.execute("UPDATE standby.state SET place = %s, behind_seconds = %s", (place, behind))
            with app.app_context():
                assert at_replica(where) == asked, (place, behind)
                db.session.remove()
        server.execute("UPDATE standby.state SET was_promoted = true, behind_seconds = 1")
        with app.app_context():
            assert at_replica(where) == primary_name
            db.session.remove()


def test_asks_the_primary_again_what_the_replica_fails_at(
    app: Flask, primary_name: str, replica_name: str
) -> None:
    asked = []

    def die() -> str:
        asked.append(where())
        if asked[-1] == replica_name:
            db.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return asked[-1]

    def miss() -> str:
        if where() == replica_name:
            raise NotFound("Not here yet.")
        return where()

    with app.app_context():
        assert at_replica(miss) == primary_name
        assert at_replica(where) == replica_name  # a row that was missing says nothing about the next
        assert at_replica(die) == primary_name
        assert asked == [replica_name, primary_name]
        assert at_replica(where) == primary_name  # for half a minute
        db.session.remove()


def test_asks_the_replica_again_when_one_connection_was_dropped(
    app: Flask, replica_url: str, replica_name: str
) -> None:
    with app.app_context():
        assert at_replica(where) == replica_name
        with psycopg.connect(replica_url.replace("+psycopg", ""), autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert [at_replica(where), at_replica(where)] == [replica_name, replica_name]
        db.session.remove()


def test_asks_on_the_connection_that_was_compared(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several servers may stand behind one address, and one of them be late."""
    replica, compared, open_first = REPLICA.get(app), [], Replica.open
    assert replica is not None
    backend = text("SELECT pg_backend_pid(), current_setting('statement_timeout')")

    def open_and_note(self: Replica) -> Connection | None:
        connection = open_first(self)
        assert connection is not None
        compared.append(tuple(connection.execute(backend).one()))
        connection.rollback()
        return connection

    with app.app_context():
        for connection in filter(None, [replica.open(), replica.open()]):  # the pool has two now
            connection.close()
        monkeypatch.setattr(Replica, "open", open_and_note)
        db.session.execute(text("SELECT 1"))
        with ReplicaReader() as reader:
            assert count_taken(db.engine) == 0  # a page that waits for a second one stops the others, too
            asked = reader.ask(lambda: tuple(db.session.execute(backend).one()))
            assert [asked] == compared
            assert asked[1] == "30s"
        assert count_taken(replica.engine) == 0
        db.session.remove()


def count_taken(engine: Engine) -> int:
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def test_puts_no_answers_of_two_servers_together(app: Flask, primary_name: str, replica_name: str) -> None:
    """A file for the accountant breaks off: a sale that only one server has as booked would be in it twice."""

    def die() -> Any:
        return db.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with app.app_context():
        with ReplicaReader() as reader:
            assert reader.ask(where) == replica_name
            with pytest.raises(DBAPIError):
                reader.ask(die)
        assert where() == primary_name
        db.session.remove()


def test_names_it_in_status_and_doctor(
    app: Flask, environment: dict[str, str], command: CliRunner, free_port: int, replica: Flask
) -> None:
    assert read_json(command, "status")["replica"] == {"lag_seconds": 0.0, "problem": None}
    assert "Replica    0 seconds behind" in done(command, "status")
    with app.app_context():
        assert [level.value for level, _text in look_at_read_replica(load_settings(environment))] == ["ok"]
        db.session.remove()
    command.env = environment | {"DATABASE_READ_URL": f"postgresql://shop@127.0.0.1:{free_port}/shop"}
    assert "Replica    doesn't answer: the primary answers" in done(command, "status")


def test_leaves_order_rows_to_their_own_session(app: Flask, replica: Flask) -> None:
    """Of the same id in both: what was read there is not taken for what is here."""
    names = {"THERE": make_order(replica, name="old"), "HERE": make_order(app, name="new")}
    assert len(set(names.values())) == 1

    def read() -> str | None:
        return db.session.get_one(Order, names["HERE"]).name

    with app.app_context():
        assert at_replica(read) == "old"
        assert read() == "new"
        assert at_replica(read) == "old"
        db.session.remove()
