"""What PostgreSQL prepared before a migration gave a column another type, in processes that go on serving."""

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

PLAN_IS_OLD = "0A000"  # "cached plan must not change result type"; its text is in the server's language


def leave_old_plans(engine: Engine) -> None:
    """Take it for the end of all connections: new ones prepare anew.

    Psycopg forgets what it prepared with a ROLLBACK only. Without a transaction the statement would fail for good.
    """
    event.listen(engine, "handle_error", _give_up_connections)


def _give_up_connections(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "sqlstate", None) == PLAN_IS_OLD:
        context.is_disconnect = True
