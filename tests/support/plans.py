"""How an engine means to read what a statement asks for."""

from typing import Any

from sqlalchemy import event, text

from storefront.core.db import db


def plan_of(statement: object) -> str:
    """What the engine means to do. PostgreSQL is told that tables are large, which it would read whole."""
    session = db.session()
    compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        session.execute(text("SET enable_seqscan = off"))
        session.execute(text("SET enable_sort = off"))
        session.execute(text("SET enable_bitmapscan = off"))
    explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
    rows = session.execute(text(f"{explain} {compiled}".replace(":", "\\:"))).all()
    plan = "\n".join(str(row[-1]) for row in rows)
    session.rollback()
    return plan


def plan_as_sent(statement: Any) -> str:
    """Ask with the parameters as they are sent: PostgreSQL takes no literal for a time."""
    asked: list[tuple[str, Any]] = []

    def keep(_conn: Any, _cursor: Any, sql: str, parameters: Any, *_more: Any) -> None:
        asked.append((sql, parameters))

    event.listen(db.engine, "before_cursor_execute", keep)
    db.session.execute(statement).all()
    event.remove(db.engine, "before_cursor_execute", keep)
    connection = db.session.connection()
    is_sqlite = db.engine.dialect.name == "sqlite"
    for name in () if is_sqlite else ("seqscan", "sort", "bitmapscan"):
        connection.exec_driver_sql(f"SET enable_{name} = off")
    sql, parameters = asked[-1]
    rows = connection.exec_driver_sql(f"{'EXPLAIN QUERY PLAN' if is_sqlite else 'EXPLAIN'} {sql}", parameters)
    return "\n".join(str(row[-1]) for row in rows)
