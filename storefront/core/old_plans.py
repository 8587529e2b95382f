"""What PostgreSQL prepared before a migration gave a column another type, in processes that go on serving."""

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

# "cached plan must not change result type": its text is in the server's language, and its SQLSTATE that of all
# that PostgreSQL does not do, such as to retype a column that a view reads. A function's name is not translated.
NOT_SUPPORTED = "0A000"
FOUND_BY = "RevalidateCachedQuery"  # in plancache.c of PostgreSQL


def leave_old_plans(engine: Engine) -> None:
    """Take it for the end of all connections: new ones prepare anew.

    Psycopg forgets what it prepared with a ROLLBACK only. Without a transaction the statement would fail for good.
    """
    event.listen(engine, "handle_error", _give_up_connections)


def _give_up_connections(context: ExceptionContext) -> None:
    if is_about_old_plan(context.original_exception):
        context.is_disconnect = True


def is_about_old_plan(raw: BaseException) -> bool:
    """Tell whether a driver's error is about a statement that was prepared before its result got another type."""
    found_by = getattr(getattr(raw, "diag", None), "source_function", None)
    return (getattr(raw, "sqlstate", None), found_by) == (NOT_SUPPORTED, FOUND_BY)
