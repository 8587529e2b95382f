"""Triggers that draw a new mark with every change of a row that open pages show; see `core/page_state.py`.

They are the schema's, because a change is one whoever makes it: a page of the owner's, a command, an older version
of the shop that still runs, or SQL by hand (except TRUNCATE, and what replicates rows without their triggers).
SQLite loses the triggers of a table that a migration makes anew: such a migration calls `mark_changes` again, and
a test says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

VERBS = ("INSERT", "UPDATE", "DELETE")
DRAW_MARK = "UPDATE page_state SET mark = lower(hex(randomblob(16)))"  # SQLite's
ON_POSTGRESQL = "UPDATE page_state SET mark = CAST(gen_random_uuid() AS text)"
AT_ONCE = "storefront.draws_mark_at_the_end"
# With the rights and the schema of its owner: whoever may change a product changes the mark.
MAKE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION change_page_state() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF coalesce(current_setting('{AT_ONCE}', true), '') = '' THEN
        {ON_POSTGRESQL}
        WHERE xmin IS DISTINCT FROM CAST(pg_current_xact_id_if_assigned() AS xid);
    END IF;
    RETURN NULL;
END $$
"""


def mark_changes(table: str) -> None:
    """Change the mark whenever a row of this table changes.

    On PostgreSQL at the end of the transaction and once: two owners who change two products never wait for each
    other in the middle of their work. A mark is drawn, not counted: after an older backup was restored, a count
    would come to numbers that stood for something else.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE CONSTRAINT TRIGGER page_state_{table} AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_page_state()"
        )
        return
    for verb in VERBS:
        op.execute(f"CREATE TRIGGER {_name(table, verb)} AFTER {verb} ON {table} BEGIN {DRAW_MARK}; END")


def leave_changes(table: str) -> None:
    """Undo `mark_changes`."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER IF EXISTS page_state_{table} ON {table}")
        return
    for verb in VERBS:
        op.execute(f"DROP TRIGGER IF EXISTS {_name(table, verb)}")


def make_function() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(MAKE_FUNCTION)


def drop_function() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION change_page_state()")


@contextmanager
def mark_drawn_last(connection: Connection) -> Iterator[None]:
    """Around all migrations, in their transaction on PostgreSQL.

    A trigger that waits for its end forbids to alter a table whose rows were changed. One that runs at once would
    hold the mark, and all who change a product, until the last migration is through.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    connection.execute(text(f"SET LOCAL {AT_ONCE} = 'on'"))
    yield
    if inspect(connection).has_table("page_state"):
        connection.execute(text(ON_POSTGRESQL))


def _name(table: str, verb: str) -> str:
    return f"page_state_{table}_{verb.lower()}"
