"""Triggers that draw a new mark with every change of a row that open pages show; see `core/page_state.py`.

They are the schema's, because a change is one whoever makes it: a page of the owner's, a command, an older version
of the shop that still runs, or SQL by hand. SQLite loses the triggers of a table that a migration makes anew: such
a migration calls `mark_changes` again, and a test says so.
"""

from alembic import op

VERBS = ("INSERT", "UPDATE", "DELETE")
DRAW_MARK = "UPDATE page_state SET mark = lower(hex(randomblob(16)))"  # SQLite's
MAKE_FUNCTION = """
CREATE FUNCTION change_page_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE page_state SET mark = CAST(gen_random_uuid() AS text)
    WHERE xmin IS DISTINCT FROM CAST(pg_current_xact_id_if_assigned() AS xid);
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
        op.execute(f"DROP TRIGGER page_state_{table} ON {table}")
        return
    for verb in VERBS:
        op.execute(f"DROP TRIGGER {_name(table, verb)}")


def make_function() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(MAKE_FUNCTION)


def drop_function() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION change_page_state()")


def _name(table: str, verb: str) -> str:
    return f"page_state_{table}_{verb.lower()}"
