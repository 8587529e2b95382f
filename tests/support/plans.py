"""How an engine means to read what a statement asks for."""

from sqlalchemy import text

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
