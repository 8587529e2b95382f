"""The database door: Base, column types, `transaction()`, `end_read()`, INSERT .. ON CONFLICT."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Annotated, Any

from flask import Flask, g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Engine,
    Enum,
    Executable,
    Integer,
    MetaData,
    Result,
    Table,
    create_engine,
    event,
    orm,
)
from sqlalchemy import Row as DatabaseRow
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault
from sqlalchemy.types import TypeDecorator

from storefront.core.config.settings import Settings
from storefront.core.old_plans import leave_old_plans
from storefront.core.partial_indexes import tell_postgresql
from storefront.core.runtime import Part, settings
from storefront.core.sqlite_connections import begin, set_up_connection
from storefront.core.writers_line import WritersLine, find_file

log = logging.getLogger(__name__)

SQLITE_TIMEOUT_SECONDS = 30
USED_LATELY_SECONDS = 1.0
# PostgreSQL's integer ends at 2,147,483,647: 21 million rupiah or forints, which an order or a payout can be.
Minor = Annotated[int, 64]  # bits
PAGE_MARK = "page_mark"  # of `g`: see `page_state.py`; a change of our own may have made it another


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes in and out; naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is not None and value.tzinfo is None:
            raise ValueError("naive datetime: use storefront.core.clock")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    @classmethod
    def __table_cls__(cls, *args: Any, **kwargs: Any) -> Table:  # noqa: ANN401 - SQLAlchemy's signature
        """SQLite gives the id of a deleted row again, and cookies, links and mails may still name it: not here.

        What makes the tables is `migrations/ids.py`; a test holds both together.
        """
        return Table(*args, sqlite_autoincrement=True, **kwargs)

    # In a registry, not as a class attribute: Flask-SQLAlchemy 3.1.1 refuses the attribute.
    registry = orm.registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UtcDateTime,
            Minor: BigInteger().with_variant(Integer, "sqlite"),
            dict[str, Any]: JSON,
            list[Any]: JSON,
            # Plain text with the enum's values: a new value needs no ALTER TYPE.
            StrEnum: Enum(
                StrEnum,
                native_enum=False,
                create_constraint=False,
                length=32,
                values_callable=lambda kind: [member.value for member in kind],
            ),
        },
    )


db = SQLAlchemy(model_class=Base)
Row = dict[str, Any]  # by the names of columns
WRITERS = Part[WritersLine | None]("writers of SQLite")  # None on PostgreSQL
READ_ENGINE = Part[Engine]("engine of one_read")


# A machine that vanished without a word is noticed within 20 seconds, whether the shop waits for its answer or its
# words do not arrive. By default that takes a quarter of an hour and more.
NETWORK_LIMITS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return options for a pool of one connection a thread. No overflow: waiting beats failing."""
    # hide_parameters: an error's text is logged, and parameters are keys and addresses.
    options: dict[str, Any] = {
        "hide_parameters": True,
        "pool_size": settings.web_threads,
        "max_overflow": 0,
        "pool_timeout": 30,
    }
    if settings.database_url.startswith("sqlite"):
        options["connect_args"] = {"timeout": SQLITE_TIMEOUT_SECONDS}
    else:
        options["connect_args"] = NETWORK_LIMITS
        options["pool_use_lifo"] = True  # the one used last knows its statements best
    return options


def ask_before_use(engine: Engine) -> None:
    """Ask the server whether it is still there, over a connection that was not used lately: it may have restarted.

    As SQLAlchemy's `pool_pre_ping`, which asks each time: an order takes four, most of them used just before.
    """

    def note(_dbapi_connection: Any, entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own class
        entry.info["used_at"] = time.monotonic()

    def ask(dbapi_connection: Any, entry: ConnectionPoolEntry, _taken: Any) -> None:  # noqa: ANN401 - as above
        if time.monotonic() - entry.info.get("used_at", -math.inf) < USED_LATELY_SECONDS:
            return
        try:
            engine.dialect.do_ping(dbapi_connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if engine.dialect.is_disconnect(error, dbapi_connection, None):
                raise InvalidatePoolError from error
            raise

    for moment in ("connect", "checkin"):
        event.listen(engine, moment, note)
    event.listen(engine, "checkout", ask)


def set_up_db(app: Flask, settings: Settings) -> None:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and (file := find_file(url)):
        file.parent.mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    db.init_app(app)
    app.teardown_appcontext(give_back_session)
    with app.app_context():
        engine: Engine = db.engine
    is_sqlite = engine.dialect.name == "sqlite"
    WRITERS.set(WritersLine(find_file(engine.url)) if is_sqlite else None, app)
    if is_sqlite:
        event.listen(engine, "connect", set_up_connection)
        event.listen(engine, "begin", begin)
        READ_ENGINE.set(engine, app)  # its BEGIN is cheaper than an engine of its own
    else:
        ask_before_use(engine)
        leave_old_plans(engine)
        tell_postgresql(Base.metadata)
        READ_ENGINE.set(engine.execution_options(isolation_level="AUTOCOMMIT"), app)


def give_back_session(_error: BaseException | None = None) -> None:
    """End it: Flask-SQLAlchemy fails where the server ended the connection, and takes the answer along."""
    try:
        db.session.remove()
    except DBAPIError as error:
        log.warning("connection ended by the database", extra={"why": str(error.orig).partition("\n")[0]})
        db.session.registry.clear()


def in_transaction() -> bool:
    return bool(db.session().info.get("in_transaction"))


def end_read() -> None:
    """End the read transaction before talking to a network. Refused inside `transaction()`."""
    if in_transaction():
        raise RuntimeError("network call inside a transaction")
    session = db.session()
    if session.in_transaction():
        session.commit()


@contextmanager
def writers_turn() -> Iterator[None]:
    """Wait in line for SQLite with all threads and processes. Who waited too long meets SQLite's own lock."""
    line = WRITERS.get()
    if line is None:
        yield
        return
    with line.turn(seconds=SQLITE_TIMEOUT_SECONDS):
        yield


@contextmanager
def transaction() -> Iterator[Session]:
    """Make one short, locked, all-or-nothing change. Does not nest; no network inside."""
    session = db.session()
    if session.info.get("reads_only"):
        raise RuntimeError("transaction() at the replica")
    if session.info.get("in_transaction"):
        raise RuntimeError("transaction() does not nest")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("pending changes from outside transaction()")
    if session.in_transaction():
        session.commit()  # ends the read transaction that the first SELECT opened
    session.info["in_transaction"] = True
    g.pop(PAGE_MARK, None)
    try:
        with writers_turn():
            try:
                session.connection(execution_options={"writes": True})
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        session.info["in_transaction"] = False
        g.pop(PAGE_MARK, None)


@contextmanager
def outside_the_pool() -> Iterator[Connection]:
    """Open one connection more, to read what the caller of a caller needs: the pool may have none left."""
    url, options = db.engine.url, engine_options(settings())
    engine = create_engine(url, poolclass=NullPool, connect_args=options["connect_args"], hide_parameters=True)
    with engine.connect() as connection:
        yield connection


def one_read() -> Connection:
    """Open a connection for a single SELECT: no session, which costs more, and no BEGIN over a network."""
    return READ_ENGINE.get().connect()


def read_all(statement: Executable, values: Row) -> Sequence[DatabaseRow[Any]]:
    """Run a single SELECT of columns: where the session has begun one with it, else as `one_read()` does."""
    session = db.session()
    if session.in_transaction():
        return session.execute(statement, values).all()
    try:
        with one_read() as connection:
            return connection.execute(statement, values).all()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    # It was used a moment ago, so nobody asked (`ask_before_use()`). The pool knows now; a SELECT may run again.
    with one_read() as connection:
        return connection.execute(statement, values).all()


# From the row that was to be inserted to the new values of the row that is there.
Changes = Callable[[Any], dict[str, Any]]


@cache
def _insert_statement(model: type[Base], dialect: str, changes: Changes | None, returning: tuple[str, ...]) -> Any:  # noqa: ANN401 - each engine has an Insert class of its own
    """Build it once, and for the table: an entity's costs twice as much, and an order runs six of them."""
    table = model.__table__
    # By name: a shop on SQLite does without all that SQLAlchemy knows of PostgreSQL.
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    if changes is None:
        insert = insert.on_conflict_do_nothing()
    else:
        insert = insert.on_conflict_do_update(index_elements=_key(model), set_=changes(insert.excluded))
    return insert.returning(*(table.c[name] for name in returning)) if returning else insert


def _key(model: type[Base]) -> tuple[str, ...]:
    return tuple(column.name for column in model.__mapper__.primary_key)


def insert_missing(session: Session, model: type[Base], rows: list[Row]) -> int:
    """Run INSERT .. ON CONFLICT DO NOTHING; return how many rows are new.

    For rows that two callers may make first: nobody gets an IntegrityError in a buyer's face.
    """
    return len(insert_returning(session, model, rows, _key(model)))


def insert_returning(
    session: Session, model: type[Base], rows: list[Row], returning: tuple[str, ...]
) -> Sequence[DatabaseRow[Any]]:
    """Run INSERT .. ON CONFLICT DO NOTHING; return these columns of the rows that are new."""
    if not rows:
        return ()
    statement = _insert_statement(model, session.get_bind().dialect.name, None, returning)
    return session.execute(statement, rows if len(rows) > 1 else rows[0]).all()


def insert_entity(session: Session, entity: Base) -> bool:
    """Insert an entity that is not there yet; False where its row is. It is as if loaded, and locked, after that.

    Its key is one number. It takes the defaults of its columns here: reading sixty of them back costs more. The
    statement has what is set: psycopg reads one of more than 50 values anew each time.
    """
    model = type(entity)
    held = vars(entity)
    unset = [(name, make) for name, make in _defaults(model) if name not in held]
    # Not by attribute: nobody is told of a change. A column that is left out is NULL in the row as well.
    held |= {name: make() for name, make in unset}
    left_out = {name for name, _make in unset if held[name] is None}
    row = {name: held[name] for name, _make in _defaults(model) if name not in left_out}
    row_id = insert_one(session, model, row)
    if row_id is None:
        return False
    (key,) = _key(model)
    setattr(entity, key, row_id)
    orm.make_transient_to_detached(entity)
    _forget_namesake(session, entity)
    session.add(entity)
    return True


def _forget_namesake(session: Session, entity: Base) -> None:
    """SQLite gives an id again after a rollback, and somebody may still hold what had it."""
    key = orm.object_mapper(entity).identity_key_from_instance(entity)
    namesake = session.identity_map.get(key)
    if namesake is not None:
        session.expunge(namesake)


@cache
def _defaults(model: type[Base]) -> tuple[tuple[str, Callable[[], Any]], ...]:
    """Return (name of a column that is no key, what makes its default)."""
    return tuple(
        (column.name, _default_of(column)) for column in model.__table__.columns if column.name not in _key(model)
    )


def _default_of(column: ColumnElement[Any]) -> Callable[[], Any]:
    default = getattr(column, "default", None)
    if isinstance(default, CallableColumnDefault):
        make: Callable[[Any], Any] = default.arg
        return lambda: make(None)
    value = default.arg if isinstance(default, ScalarElementColumnDefault) else None
    return lambda: value


def insert_one(session: Session, model: type[Base], row: Row) -> int | None:
    """Insert a row that is not there yet; return its id, or None where there is one. Its lock is ours then."""
    statement = _insert_statement(model, session.get_bind().dialect.name, None, _key(model))
    made: int | None = session.execute(statement, row).scalar_one_or_none()
    return made


def upsert(
    session: Session,
    model: type[Base],
    rows: Row | list[Row],
    *,
    changes: Changes,
    returning: tuple[str, ...] = (),
) -> Result[Any]:
    """Run INSERT .. ON CONFLICT (primary key) DO UPDATE; return the columns `returning`.

    `changes` is a function of a module: the statement is kept by it.
    """
    statement = _insert_statement(model, session.get_bind().dialect.name, changes, returning)
    return session.execute(statement, rows)
