"""The database door: one short, all-or-nothing transaction; no lost update, no "database is locked"."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from storefront.app import create_app
from storefront.core.config.settings import Settings
from storefront.core.db import db, end_read, insert_entity, insert_missing, transaction
from storefront.core.leases import Lease
from storefront.customers.models import Customer
from storefront.mail.letter import Mail
from storefront.mail.transport import send
from storefront.orders.models import Decision, Order
from storefront.stripe_api.gateway import gateway
from tests.support.databases import BOTH
from tests.support.rows import read_rows

THREADS = 16
ROUNDS = 4
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def add_lease(app: Flask, name: str, until: datetime = NOON) -> None:
    with app.app_context(), transaction() as session:
        session.add(Lease(name=name, until=until))


def read_until(app: Flask, name: str) -> datetime:
    with app.app_context():
        return db.session.scalars(select(Lease.until).where(Lease.name == name)).one()


@contextmanager
def all_at_once(app: Flask, job: Callable[[], Any], *, threads: int = THREADS) -> Iterator[list[Any]]:
    """Yield the answers of `job`, run by many threads that start together, each in a context of its own."""
    start = threading.Barrier(threads)

    def run() -> Any:
        with app.app_context():
            start.wait(10)
            return job()

    with ThreadPoolExecutor(threads) as pool:
        yield [future.result(60) for future in [pool.submit(run) for _ in range(threads)]]


def test_says_lower_in_no_table_and_no_index(app: Flask) -> None:
    """It is the shop's own: another program that writes into the file would sort the same words elsewhere."""
    made = "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') AND sql LIKE '%lower(%'"
    assert read_rows(app, made) == []


@both
def test_keeps_what_was_written(app: Flask) -> None:
    add_lease(app, "kept")
    assert read_rows(app, "SELECT name FROM leases") == [{"name": "kept"}]


@both
def test_keeps_nothing_of_a_change_that_failed_half_way(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(LookupError), transaction() as session:  # noqa: PT012 - both writes are the point
            session.add(Lease(name="first", until=NOON))
            session.flush()
            session.execute(update(Lease).values(until=NOON + timedelta(days=1)))
            raise LookupError
        with transaction() as session:
            session.add(Lease(name="second", until=NOON))
    assert read_rows(app, "SELECT name FROM leases") == [{"name": "second"}]


def test_refuses_to_nest(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(RuntimeError, match="does not nest"), transaction(), transaction():
            pass
        with transaction() as session:
            session.add(Lease(name="afterwards", until=NOON))
    assert read_rows(app, "SELECT name FROM leases") == [{"name": "afterwards"}]


def _change(session: Session) -> None:
    session.scalars(select(Lease)).one().until = NOON + timedelta(days=1)


def _delete(session: Session) -> None:
    session.delete(session.scalars(select(Lease)).one())


@pytest.mark.parametrize(
    "change",
    [lambda session: session.add(Lease(name="new", until=NOON)), _change, _delete],
    ids=["new", "changed", "deleted"],
)
def test_refuses_changes_made_outside(app: Flask, change: Callable[[Session], None]) -> None:
    add_lease(app, "old")
    with app.app_context():
        change(db.session())
        with pytest.raises(RuntimeError, match="pending changes"), transaction():
            pass
        db.session.rollback()
    assert read_rows(app, "SELECT name FROM leases") == [{"name": "old"}]


@both
def test_writes_after_a_read_that_others_have_overtaken(app: Flask) -> None:
    """On SQLite a read transaction that turns into a write fails at once when somebody wrote meanwhile."""
    add_lease(app, "one")
    with app.app_context():
        db.session.scalars(select(Lease)).all()
        other = threading.Thread(target=add_lease, args=(app, "two"))
        other.start()
        other.join(10)
        with transaction() as session:
            session.execute(update(Lease).values(until=NOON + timedelta(days=1)))
    assert read_until(app, "one") == read_until(app, "two") == NOON + timedelta(days=1)


@both
def test_counts_exactly_with_sixteen_threads_at_one_row(app: Flask) -> None:
    """Read, lock, add one: a lost update or "database is locked" would show."""
    add_lease(app, "counter")

    def count() -> None:
        for _ in range(ROUNDS):
            db.session.scalars(select(Lease)).all()  # a read transaction and a loaded row, as in a view
            with transaction() as session:
                row = session.scalars(
                    select(Lease).with_for_update().execution_options(populate_existing=True)
                ).one()
                row.until += timedelta(seconds=1)

    with all_at_once(app, count) as answers:
        assert len(answers) == THREADS
    assert read_until(app, "counter") - NOON == timedelta(seconds=THREADS * ROUNDS)


@both
def test_inserts_what_is_missing_once(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            assert insert_missing(session, Lease, [{"name": "one", "until": NOON}]) == 1
        with transaction() as session:
            rows = [{"name": "one", "until": NOON + timedelta(days=1)}, {"name": "two", "until": NOON}]
            assert insert_missing(session, Lease, rows) == 1
            assert insert_missing(session, Lease, rows) == 0
            assert insert_missing(session, Lease, []) == 0
    assert read_until(app, "one") == NOON


def make_order(session: Session) -> Order:
    insert_missing(
        session, Customer, [{"mode": "sandbox", "email": "a@example.com", "email_key": "a@example.com"}]
    )
    amounts = dict.fromkeys(("subtotal_minor", "discount_minor", "tax_minor", "total_minor"), 0)
    customer_id = session.scalars(select(Customer.id)).one()
    ids = {"number": "1", "checkout_session_id": "cs_1", "token_hash": "1", "customer_id": customer_id}
    return Order(mode="sandbox", email="a@example.com", currency="usd", placed_at=NOON, **ids, **amounts)


def give_up_order() -> Order:
    """Return what was inserted by a transaction that was rolled back."""
    session = db.session()
    order = make_order(session)
    assert insert_entity(session, order)
    session.rollback()
    return order


@both
def test_inserts_an_entity_once_and_has_it_as_if_it_were_loaded(app: Flask) -> None:
    """Also under the id of one that somebody still holds, whose transaction was given up."""
    names = [column.name for column in Order.__table__.columns]
    with app.app_context():
        given_up = give_up_order()
        with transaction() as session:
            order = make_order(session)
            assert insert_entity(session, order)
            order.name = "Ada"  # an UPDATE, as of any other
            assert not insert_entity(session, make_order(session))
            held = {name: vars(order)[name] for name in names}
        stored = db.session.scalars(select(Order)).one()
        assert {name: getattr(stored, name) for name in names} == held
        assert (stored.name, stored.decision, stored.taxes) == ("Ada", Decision.FOLLOW_PAYMENT, [])
        assert given_up is not stored


@both
def test_lets_one_of_sixteen_insert_the_same_row(app: Flask) -> None:
    def insert() -> int:
        with transaction() as session:
            return insert_missing(session, Lease, [{"name": "same", "until": NOON}])

    with all_at_once(app, insert) as answers:
        assert sorted(answers) == [0] * (THREADS - 1) + [1]


def test_refuses_a_datetime_without_a_zone(app: Flask) -> None:
    with app.app_context():
        naive = datetime(2026, 11, 2, 12)  # noqa: DTZ001 - refused below
        with pytest.raises(StatementError, match="naive datetime"), transaction() as session:
            session.add(Lease(name="naive", until=naive))
        with pytest.raises(StatementError, match="naive datetime"):
            db.session.scalars(select(Lease).where(Lease.until < naive)).all()
    assert read_rows(app, "SELECT name FROM leases") == []


@both
def test_gives_back_the_moment_in_utc_whatever_zone_it_came_in(app: Flask) -> None:
    tokyo = timezone(timedelta(hours=9))
    add_lease(app, "tokyo", NOON.astimezone(tokyo))
    until = read_until(app, "tokyo")
    assert until == NOON
    assert until.utcoffset() == timedelta(0)


def test_ends_a_read_before_the_network_but_never_a_write(app: Flask) -> None:
    with app.app_context():
        db.session.scalars(select(Lease)).all()
        assert db.session().in_transaction()
        end_read()
        assert not db.session().in_transaction()
        with pytest.raises(RuntimeError, match="network call inside a transaction"), transaction():
            end_read()


def test_refuses_to_ask_stripe_inside_a_transaction(app: Flask) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="network call inside a transaction"), transaction():
        gateway().get_checkout("cs_test_1")


def test_refuses_to_send_mail_inside_a_transaction(app: Flask) -> None:
    mail = Mail(recipient="a@shop.example", message_id="<1@shop.example>", subject="s", text="t", html="h")
    with app.app_context(), pytest.raises(RuntimeError, match="network call inside a transaction"), transaction():
        send(mail)


def test_guards_links_between_rows_on_sqlite_too(settings: Settings) -> None:
    with create_app(settings).app_context():
        pragmas = {
            name: db.session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "secure_delete")
        }
        db.session.remove()
        db.engine.dispose()
    assert pragmas == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 30_000,
        "secure_delete": 1,
    }
