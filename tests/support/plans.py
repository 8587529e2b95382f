"""How an engine means to read what a statement asks for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event, text

from storefront.core.db import db

Asked = dict[str, Any]  # statements, each with the parameters that it was sent with

# As many rows as orders, or a share of them.
LARGE = (
    "orders|order_items|order_item_parts|order_changes|order_links|order_notes|sent_answers|grants|licenses|activations|downloads"
    "|key_events|retired_keys|refusals|refunds|disputes|dispute_answers|fraud_warnings|notices|outbox|customers"
    "|sign_ins|gifts|gift_links|upgrades|money_lines|audit_entries|stripe_events|checkouts"
)
# Partial indexes: of what is still to do, and of what few orders are.
SMALL = (
    "ix_grants_keyless|ix_stripe_events_(?:unhandled|set_aside)|ix_notices_open|ix_gifts_to_hand_over"
    "|ix_orders_(?:unpaid|free|refunded|disputed|decided|awaited|excessive)"
)
# All rows, or all of the running mode, which is as much: without statistics SQLite takes that for ten.
WHOLE_IN_SQLITE = re.compile(
    rf"(SCAN|SEARCH) ({LARGE})(_\d+| AS \w+)?"
    rf"( USING (COVERING )?INDEX (?!{SMALL})\w+)?( \(mode=\?\))?( LEFT-JOIN)?$",
    re.MULTILINE,
)
WHOLE_IN_POSTGRESQL = re.compile(rf"\bSeq Scan on ({LARGE})\b")
# The first or last row of an index.
ENDS = re.compile(r"^SELECT (min|max)\(|^SELECT \(SELECT max\(")
NEWEST = "COVERING INDEX ix_orders_mode_placed_at (mode=?)"


@contextmanager
def asked_of(app: Flask) -> Iterator[Asked]:
    """Collect what is read and changed meanwhile."""
    asked: Asked = {}

    def keep(_conn: Any, _cursor: Any, sql: str, parameters: Any, *_more: Any) -> None:
        if sql.startswith(("SELECT", "UPDATE", "DELETE")):
            asked[sql] = parameters

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", keep)


def read_whole(app: Flask, asked: Asked, *, trusts_limits: bool) -> list[str]:
    """Return the statements that an engine can only answer by reading a large table from end to end.

    `trusts_limits`: a page of a list ends where it is full. What looks for the few that are left may never be.
    """
    with app.app_context(), db.engine.connect() as connection:
        is_sqlite = db.engine.dialect.name == "sqlite"
        for name in () if is_sqlite else ("seqscan", "sort", "bitmapscan"):
            connection.exec_driver_sql(f"SET enable_{name} = off")
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        found = []
        for sql, parameters in asked.items():
            rows = connection.exec_driver_sql(f"{explain} {sql}", parameters)
            plan = "\n".join(str(row[-1]) for row in rows)
            if not is_sqlite:
                plan = plan.partition("SubPlan")[0]  # hashed, since these tables are small
            whole = WHOLE_IN_SQLITE if is_sqlite else WHOLE_IN_POSTGRESQL
            if whole.search(plan) and not ENDS.match(sql) and not (trusts_limits and _is_cut(sql, plan)):
                found.append(f"{sql}\n{plan}")
    return found


def _is_cut(sql: str, plan: str) -> bool:
    """SQLite ends at the limit."""
    return "LIMIT" in sql and "ORDER BY" in sql and ("TEMP B-TREE" not in plan or NEWEST in plan)


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
