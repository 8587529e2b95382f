"""The replica of the database: what only reads, and may be some seconds old, is asked there.

Where it is away or late, the primary answers instead. Nothing that decides or writes is ever asked here.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from flask import Flask, g
from sqlalchemy import Connection, Engine, Row, create_engine, orm, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from storefront.core.config.settings import Settings
from storefront.core.db import db, engine_options, in_transaction, one_read
from storefront.core.errors import StorefrontError
from storefront.core.runtime import Part, settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

AWAY_SECONDS = 30.0  # without a question, once it did not answer: connecting to nobody takes seconds
NO_ANSWER = "doesn't answer"
PRIMARY_ONLY = "asks_the_primary"
# A quiet primary commits nothing for hours, and a replica that lost it has replayed all it received. So places in
# the primary's log are compared, and moments only where the replica is behind. A replica that was promoted has a
# timeline of its own, in the first letters of its log files, and is asked only where it is the primary by now.
PRIMARY = text("""
    SELECT CAST(place AS text) AS place, left(pg_walfile_name(place), 8) AS timeline, clock_timestamp() AS now
    FROM (SELECT pg_current_wal_lsn() AS place) AS here
""")
HERE = text("""
    SELECT place >= CAST(:place AS pg_lsn) AS is_level,
        CASE WHEN place IS NOT NULL THEN pg_last_xact_replay_timestamp() END AS replayed_at
    FROM (
        SELECT CASE
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

    def may_be_asked(self) -> bool:
        return time.monotonic() >= self._away_until and self.look().problem is None

    def look(self) -> ReplicaState:
        """Ask both servers where they are, one small statement each."""
        try:
            with one_read() as connection:
                primary = connection.execute(PRIMARY).one()
        except SQLAlchemyError:  # as while another server becomes the primary
            return self._state(None, "cannot be compared with the primary")
        try:
            with self.engine.connect() as connection:
                lag = _read_lag(connection, primary)
        except SQLAlchemyError:
            return self._state(None, NO_ANSWER, is_away=True)
        return self._state(lag, self._judge(lag))

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
    engine = create_engine(
        shop.database_read_url, execution_options={"postgresql_readonly": True}, **engine_options(shop)
    )
    REPLICA.set(Replica(engine, most_seconds=shop.database_read_lag_seconds), app)


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
    """For several questions whose answers have to fit: the server that answered the first answers all of them."""

    def __init__(self) -> None:
        replica = None if in_transaction() or g.get(PRIMARY_ONLY) else REPLICA.get()
        self._replica = replica if replica is not None and replica.may_be_asked() else None
        self._has_answered = False

    def ask(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `read` returns, which only reads and returns no rows of the session.

        It may run twice: what a replica fails at, or refuses for want of a new row, is asked of the primary.
        """
        if self._replica is None:
            return read(*args, **kwargs)
        try:
            with _session_at(self._replica.engine):
                answer = read(*args, **kwargs)
        except (SQLAlchemyError, StorefrontError) as error:
            if self._has_answered or _is_write(error):
                raise
            self._give_up(self._replica, error)
            return read(*args, **kwargs)
        self._has_answered = True
        return answer

    def _give_up(self, replica: Replica, error: Exception) -> None:
        self._replica = None
        if isinstance(error, SQLAlchemyError):
            is_away = isinstance(error, DBAPIError) and error.connection_invalidated
            replica.note(NO_ANSWER if is_away else f"failed ({type(error).__name__})", is_away=is_away)


def at_replica(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask one question, as `ReplicaReader.ask` does."""
    return ReplicaReader().ask(read, *args, **kwargs)


def ask_the_primary() -> None:
    """For the rest of this request: who asks has written a moment ago, and wants to see it."""
    setattr(g, PRIMARY_ONLY, True)


def has_replica() -> bool:
    return settings().database_read_url is not None


def _is_write(error: Exception) -> bool:
    """Tell whether somebody wrote there: a bug, which the primary would carry out."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == "25006"


def _read_lag(connection: Connection, primary: Row[Any]) -> float | None:
    """Return seconds by the primary's clock; None where they are not known."""
    of_primary = {"place": primary.place, "timeline": primary.timeline}
    is_level, replayed_at = connection.execute(HERE, of_primary).one()
    if is_level:
        return 0.0
    return max((primary.now - replayed_at).total_seconds(), 0.0) if replayed_at is not None else None


@contextmanager
def _session_at(engine: Engine) -> Iterator[None]:
    """Let `db.session` be one of its own meanwhile: no row of it is ever taken for one of the primary's."""
    registry: Any = db.session.registry  # it wants a session of Flask-SQLAlchemy's, which knows one database
    before = registry()
    session = orm.Session(engine, info={"reads_only": True})
    registry.set(session)
    try:
        yield
    finally:
        registry.set(before)
        with suppress(DBAPIError):  # the server may have ended the connection
            session.close()
