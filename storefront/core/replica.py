"""The replica of the database: what only reads, and may be some seconds old, is asked there.

Where it is away or late, the primary answers instead. Nothing that decides or writes is ever asked here.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ParamSpec, Self, TypeVar

from flask import Flask, g
from sqlalchemy import Connection, Engine, Row, create_engine, event, orm, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from storefront.core.config.settings import Settings
from storefront.core.db import db, end_read, engine_options, in_transaction, one_read
from storefront.core.errors import StorefrontError
from storefront.core.runtime import Part, settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

AWAY_SECONDS = 30.0  # without a question, once it did not answer: connecting to nobody takes seconds
STATEMENT_SECONDS = 30  # a replica whose disk hangs, or that replays a lock, would hold a page for ever
NO_ANSWER = "doesn't answer"
PRIMARY_ONLY = "asks_the_primary"
# A quiet primary commits nothing for hours, and a replica that lost it has replayed all it received. So places in
# the primary's log are compared, and moments only where the replica is behind. A replica that was promoted has a
# timeline of its own, in the first letters of its log files, and is asked only where it is the primary by now.
PRIMARY = text("""
    SELECT CAST(place AS text) AS place, left(pg_walfile_name(place), 8) AS timeline, clock_timestamp() AS now,
        (SELECT system_identifier FROM pg_control_system()) AS cluster
    FROM (SELECT pg_current_wal_lsn() AS place) AS here
""")
HERE = text("""
    SELECT place >= CAST(:place AS pg_lsn) AS is_level,
        CASE WHEN place IS NOT NULL THEN pg_last_xact_replay_timestamp() END AS replayed_at
    FROM (
        SELECT CASE
            WHEN (SELECT system_identifier FROM pg_control_system()) <> :cluster THEN NULL
            WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            WHEN left(pg_walfile_name(pg_current_wal_lsn()), 8) = :timeline THEN pg_current_wal_lsn()
        END AS place
    ) AS here
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaState:
    """`problem` is why the primary is asked instead. `lag_seconds` is None where nobody knows it."""

    lag_seconds: float | None
    problem: str | None


class Replica:
    """One of a process. Threads share what is known of it; that they may miss each other's word does no harm."""

    def __init__(self, engine: Engine, *, most_seconds: int) -> None:
        self.engine = engine
        self.most_seconds = most_seconds
        self._away_until = 0.0
        self._said: str | None = None

    def open(self) -> Connection | None:
        """Return a connection to a server that may be asked. Several may share one address: ask this one."""
        if time.monotonic() < self._away_until:
            return None
        connection, state = self._compare()
        if connection is not None and state.problem is not None:
            connection.close()
            return None
        return connection

    def look(self) -> ReplicaState:
        """Ask both servers where they are, one small statement each."""
        connection, state = self._compare()
        if connection is not None:
            connection.close()
        return state

    def _compare(self) -> tuple[Connection | None, ReplicaState]:
        try:
            with one_read() as connection:
                primary = connection.execute(PRIMARY).one()
        except SQLAlchemyError:  # as while another server becomes the primary
            return None, self._state(None, "cannot be compared with the primary")
        asked_at = time.monotonic()
        try:
            replica = self.engine.connect()
        except SQLAlchemyError:
            return None, self._state(None, NO_ANSWER, is_away=True)
        try:
            lag = _read_lag(replica, primary, asked_at)
            replica.rollback()
        except SQLAlchemyError:
            replica.close()
            return None, self._state(None, NO_ANSWER, is_away=True)
        return replica, self._state(lag, self._judge(lag))

    def _state(self, lag: float | None, problem: str | None, *, is_away: bool = False) -> ReplicaState:
        self.note(problem, is_away=is_away)
        return ReplicaState(lag_seconds=lag, problem=problem)

    def _judge(self, lag: float | None) -> str | None:
        if lag is None:
            return "is no replica of the primary, or doesn't say how far it is"
        return f"is more than {self.most_seconds} seconds behind" if lag > self.most_seconds else None

    def note(self, problem: str | None, *, is_away: bool = False) -> None:
        """Log it once, and its end."""
        self._away_until = time.monotonic() + AWAY_SECONDS if is_away else 0.0
        if problem != self._said:
            self._said = problem
            log.warning("replica is not asked" if problem else "replica is asked again", extra={"why": problem})


REPLICA = Part[Replica | None]("replica")


def set_up_replica(app: Flask, shop: Settings) -> None:
    if shop.database_read_url is None:
        REPLICA.set(None, app)
        return
    # Read only whatever server it is: one that was promoted would take a write.
    # Asked each time whether it is there: no sale waits for that, and after an error it rests for half a minute.
    engine = create_engine(
        shop.database_read_url,
        execution_options={"postgresql_readonly": True},
        pool_pre_ping=True,
        **engine_options(shop),
    )
    event.listen(engine, "connect", _bound_statements)
    REPLICA.set(Replica(engine, most_seconds=shop.database_read_lag_seconds), app)


def _bound_statements(dbapi_connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - psycopg's
    dbapi_connection.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
    dbapi_connection.commit()


def close_replica() -> None:
    """PostgreSQL would log each connection that is not closed."""
    replica = REPLICA.get()
    if replica is not None:
        replica.engine.dispose()


def look_at_replica() -> ReplicaState | None:
    """Ask it now, whatever was known; None where there is none."""
    replica = REPLICA.get()
    return replica.look() if replica is not None else None


class ReplicaReader:
    """For several questions whose answers have to fit: the server that answered the first answers all of them.

    `with` gives its connection back.
    """

    def __init__(self) -> None:
        replica = None if in_transaction() or g.get(PRIMARY_ONLY) else REPLICA.get()
        if replica is not None:
            end_read()  # else this thread would hold a connection to the primary, and wait for a second one
        self._replica = replica
        self._connection = replica.open() if replica is not None else None
        self._has_answered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._connection is not None:
            with suppress(DBAPIError):  # the server may have ended it
                self._connection.close()

    def ask(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `read` returns, which only reads and returns no rows of the session.

        It may run twice: what a replica fails at, or refuses for want of a new row, is asked of the primary.
        """
        if self._connection is None:
            return read(*args, **kwargs)
        try:
            with _session_at(self._connection):
                answer = read(*args, **kwargs)
        except (SQLAlchemyError, StorefrontError) as error:
            if self._has_answered or _is_write(error):
                raise
            self._give_up(error)
            return read(*args, **kwargs)
        self._has_answered = True
        return answer

    def _give_up(self, error: Exception) -> None:
        self.__exit__()
        self._connection = None
        if self._replica is not None and isinstance(error, SQLAlchemyError):
            is_away = isinstance(error, DBAPIError) and error.connection_invalidated
            self._replica.note(NO_ANSWER if is_away else f"failed ({type(error).__name__})", is_away=is_away)


def at_replica(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask one question, as `ReplicaReader.ask` does."""
    with ReplicaReader() as reader:
        return reader.ask(read, *args, **kwargs)


def ask_the_primary() -> None:
    """For the rest of this request: who asks has written a moment ago, and wants to see it."""
    setattr(g, PRIMARY_ONLY, True)


def has_replica() -> bool:
    return settings().database_read_url is not None


def _is_write(error: Exception) -> bool:
    """Tell whether somebody wrote there: a bug, which the primary would carry out."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == "25006"


def _read_lag(connection: Connection, primary: Row[Any], asked_at: float) -> float | None:
    """Return seconds by the primary's clock, which said `now` at `asked_at`; None where they are not known."""
    of_primary = {"place": primary.place, "timeline": primary.timeline, "cluster": primary.cluster}
    is_level, replayed_at = connection.execute(HERE, of_primary).one()
    if is_level:
        return 0.0
    if replayed_at is None:
        return None
    behind: float = (primary.now - replayed_at).total_seconds()
    return max(behind, 0.0) + time.monotonic() - asked_at


@contextmanager
def _session_at(connection: Connection) -> Iterator[None]:
    """Let `db.session` be one of its own meanwhile: no row of it is ever taken for one of the primary's."""
    registry: Any = db.session.registry  # it wants a session of Flask-SQLAlchemy's, which knows one database
    before = registry()
    session = orm.Session(connection, info={"reads_only": True})
    registry.set(session)
    try:
        yield
    finally:
        registry.set(before)
        with suppress(DBAPIError):  # the server may have ended the connection
            session.close()
