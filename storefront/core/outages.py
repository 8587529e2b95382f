"""Which errors are the database's trouble and will pass, and which are a bug of ours: those stay what they are."""

import re
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolUsedUp

from storefront.core.errors import StorefrontError
from storefront.core.texts import marked

GONE, BUSY, FULL, LOCKED, READ_ONLY, BROKEN = "gone", "busy", "disk full", "locked", "read only", "broken"
NOT_UPGRADED = "not upgraded"

# Primary result codes, https://www.sqlite.org/rescode.html: everything but bugs (ERROR, CONSTRAINT, MISMATCH, …).
SQLITE = {
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_NOMEM: BUSY,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: BROKEN,
    sqlite3.SQLITE_CORRUPT: BROKEN,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_CANTOPEN: GONE,
    sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_NOTADB: BROKEN,
}
# SQLSTATEs and their classes, https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL = {
    "08": GONE,  # connection exceptions
    "25006": READ_ONLY,  # connected to what has become a standby
    "25P03": GONE,  # ended by the server: a transaction that was idle for too long
    "25P04": GONE,  # the same of one that took too long
    "28": GONE,  # does not let us in
    "3D": GONE,  # no such database
    "40": BUSY,  # serialization failures and deadlocks: the same again works
    "53": BUSY,  # too many connections, out of memory
    "53100": FULL,
    "55P03": LOCKED,
    "57": GONE,  # shut down, crashed, starting up
    "57014": BUSY,  # a statement that took too long
    "58": BROKEN,  # input and output
    "XX001": BROKEN,
    "XX002": BROKEN,
}


class DatabaseUnavailable(StorefrontError):
    """Nothing is known to have changed, and the same request may be repeated. `why` is for the log alone."""

    code = "database_unavailable"
    status = 503
    title = marked("One moment, please")
    retry_after_seconds = 10

    def __init__(self, why: str = GONE) -> None:
        super().__init__(
            marked(
                "The shop cannot reach its data right now. Nothing is lost: your cart and everything you "
                "bought are as they were. Please try again in a moment."
            )
        )
        self.why = why


def find_outage(error: BaseException) -> DatabaseUnavailable | None:
    """Return None for a bug (a wrong statement, a row that breaks a constraint) and for any other error."""
    if isinstance(error, PoolUsedUp):
        return DatabaseUnavailable(BUSY)
    if isinstance(error, PendingRollbackError):  # somebody went on after the connection was lost
        return _find_outage_before(error)
    why = _why_of(error)
    return DatabaseUnavailable(why) if why else None


def _why_of(error: BaseException) -> str | None:
    if isinstance(error, DBAPIError):
        return _why(error.orig) or (GONE if error.connection_invalidated else None)
    return None if isinstance(error, SQLAlchemyError) else _why(error)


def _find_outage_before(error: BaseException) -> DatabaseUnavailable | None:
    return next((outage for before in _before(error) if (outage := find_outage(before))), None)


def is_deadlock(error: DBAPIError) -> bool:
    """Tell whether PostgreSQL ended this transaction for another one: the same again works."""
    return getattr(error.orig, "sqlstate", None) == "40P01"


def is_about_schema(error: BaseException) -> bool:
    """Tell whether a table or column is missing: a bug, unless the schema is older than the code."""
    raw = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(raw, sqlite3.Error):
        return re.search(r"no such (table|column)|has no column", str(raw)) is not None
    return getattr(raw, "sqlstate", None) in ("42P01", "42703")


def _before(error: BaseException) -> Iterator[BaseException]:
    earlier = error.__cause__ or error.__context__
    while earlier is not None:
        yield earlier
        earlier = earlier.__cause__ or earlier.__context__


def _why(raw: BaseException | None) -> str | None:
    """Return the reason in a driver's own error."""
    if isinstance(raw, sqlite3.Error):
        return SQLITE.get(getattr(raw, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF)
    if raw is None or not type(raw).__module__.startswith("psycopg"):
        return None
    state = getattr(raw, "sqlstate", None)
    if state:
        return POSTGRESQL.get(state) or POSTGRESQL.get(state[:2])
    # Without a word of the server it was not reached, or is not there any more.
    return GONE if type(raw).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout") else None
