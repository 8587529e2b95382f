"""No id is ever given twice: SQLite would give that of a deleted row again."""

import pytest
from flask import Flask
from sqlalchemy import Integer

from storefront.core.db import WRITERS, Base, db
from storefront.migrations import schema
from tests.migrations.tables import add_proof, go_down
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def counted_tables() -> set[str]:
    """Those with a number as their id."""
    return {
        name
        for name, table in Base.metadata.tables.items()
        if len(table.primary_key) == 1 and isinstance(next(iter(table.primary_key)).type, Integer)
    }


def test_asks_for_a_new_one_in_every_model_with_a_number() -> None:
    tables = counted_tables()
    assert len(tables) > 15
    options = {name: Base.metadata.tables[name].dialect_options["sqlite"] for name in tables}
    assert {name for name in tables if options[name]["autoincrement"]} == tables


def test_gives_a_new_one_in_every_table_of_the_database(app: Flask) -> None:
    rows = read_rows(app, "SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    counted = {row["name"] for row in rows if "AUTOINCREMENT" in row["sql"]}
    assert counted_tables() - counted == set()


@both
def test_gives_no_deleted_id_again_also_after_a_table_was_made_anew(app: Flask) -> None:
    first = add_proof(app, "1")
    change_rows(app, "DELETE FROM address_proofs")
    second = add_proof(app, "2")
    change_rows(app, "DELETE FROM address_proofs")
    if WRITERS.get(app) is not None:
        assert second == first + 1
    with app.app_context():
        go_down(app, "0004")
        db.session.remove()
    schema.upgrade(app)
    assert first < second < add_proof(app, "3")
