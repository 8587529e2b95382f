"""Code that is older than the schema serves and sells: both versions run while a new one is brought out."""

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.db import db, transaction
from tests.cli.commands import done, refused
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

# A step of a version to come, as `tests/migrations/test_kinds.py` allows one.
STEP = (
    "ALTER TABLE orders ADD COLUMN packed VARCHAR NOT NULL DEFAULT 'no'",
    "ALTER TABLE order_items ADD COLUMN packed VARCHAR NOT NULL DEFAULT 'no'",
    "ALTER TABLE licenses ADD COLUMN packed VARCHAR",
    "CREATE TABLE packings (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id))",
    "CREATE INDEX ix_orders_packed ON orders (mode, packed)",
    "UPDATE alembic_version SET version_num = '9999'",
)
TAKEN = "ALTER TABLE products DROP COLUMN summary"


def change_schema(app: Flask, *statements: str) -> None:
    with app.app_context(), transaction() as session:
        for statement in statements:
            session.connection().exec_driver_sql(statement)
    with app.app_context():
        db.session.remove()


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_sells_on_a_schema_that_newer_code_made(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    before = sell(app, sandbox)
    change_schema(app, *STEP)
    after = sell(app, sandbox)
    assert after.keys
    after.deliver("checkout.session.")
    after.work()
    for sale in (before, after):
        assert Buyer(app).get(sale.link).status_code == 200
        sale.refund()
        sale.deliver("charge.")
    assert {row["packed"] for row in read_rows(app, "SELECT packed FROM orders")} == {"no"}
    ready = app.test_client().get("/readyz", base_url="http://localhost")
    assert ready.status_code == 200
    assert "schema_newer" in [warning["code"] for warning in ready.get_json()["warnings"]]
    assert "of newer code (schema 9999)" in done(command, "status")
    assert "nothing to upgrade" in done(command, "db", "upgrade")


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_says_that_newer_code_took_away_what_it_needs(app: Flask, command: CliRunner) -> None:
    change_schema(app, *STEP, TAKEN)
    answer = app.test_client().get("/products/twinspot")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "which took away what this one asks for: install that" in refused(
        command, "products", "show", "twinspot"
    )
