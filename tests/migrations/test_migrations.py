"""Migrations: they end at exactly what the models say, and every step can be taken back."""

import hashlib
import hmac
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, select, text

from storefront.app import create_app
from storefront.buyers.library.news import get_reader
from storefront.core.config.settings import ROOT, load_settings
from storefront.core.db import Base, db, transaction
from storefront.core.tokens import hash_token
from storefront.customers.models import Customer
from storefront.delivery.licenses.keys import hash_exact, hash_key
from storefront.delivery.licenses.models import License
from storefront.migrations import schema
from storefront.migrations.head import FOLDER, head
from storefront.orders.links import get_order_by_token, order_token
from tests.migrations.tables import differences, go_down, go_up, make_old
from tests.support.databases import BOTH, Databases, base_environment
from tests.support.rows import read_rows

ORDER_OF_0001 = """
INSERT INTO orders (number, mode, checkout_session_id, customer_id, email, tax_ids, currency, subtotal_minor,
    discount_minor, tax_minor, total_minor, is_paid, has_failed, refunded_minor, is_disputed, is_withdrawn,
    look_ticket, facts_ticket, token_seed, token_version, token_hash, placed_at, created_at)
VALUES ('N1', 'test', 'cs_1', 1, 'ada@example.com', '[]', 'usd', 1900, 0, 0, 1900, true, false, 0, false, true,
    1, 1, 'x', 1, 'h', '2026-11-02 12:00:00', '2026-11-02 12:00:00')
"""
PRODUCT_OF_0001 = """
INSERT INTO products (slug, name, summary, description_markdown, is_published, position, grants_license,
    grants_download, license_prefix, one_key_per_order_item, created_at)
VALUES ('twinspot', 'Twinspot', '', '', true, 1, true, true, 'TWIN', false, '2026-11-02 12:00:00')
"""
ITEM_OF_0001 = """
INSERT INTO order_items (id, order_id, stripe_line_item_id, position, product_id, description, quantity, currency,
    subtotal_minor, discount_minor, tax_minor, total_minor)
SELECT 1, (SELECT id FROM orders WHERE number = 'N1'), 'li_1', 1, min(id), 'Twinspot', 1, 'usd', 1900, 0, 0, 1900
FROM products
"""
GRANT_OF_0001 = """
INSERT INTO grants (id, order_item_id, product_id, kind, ordinal, created_at)
SELECT 1, 1, min(id), 'license', 1, '2026-11-02 12:00:00' FROM products
"""
LICENSE_OF_0001 = """
INSERT INTO licenses (id, grant_id, key, mode, activation_limit, created_at)
VALUES (1, 1, 'TWIN-7KQ4X-AAAAA-AAAAA-AAAA3', 'sandbox', 3, '2026-11-02 12:00:00')
"""

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def tables(app: Flask) -> set[str]:
    with app.app_context():
        return set(inspect(db.engine).get_table_names())


@both
def test_leaves_no_difference_between_models_and_database(app: Flask) -> None:
    assert tables(app) == set(Base.metadata.tables) | {"alembic_version"}
    assert differences(app) == []


@pytest.mark.slow
@both
def test_takes_turns_when_two_upgrade_at_once(
    all_databases: Databases, environment: dict[str, str], engine: str, tmp_path: Path
) -> None:
    """Two machines of one shop that start together: processes, because one has one at a time anyway."""
    url = all_databases.make_empty() if engine == "postgresql" else f"sqlite:///{tmp_path / 'empty.db'}"
    environment["DATABASE_URL"] = url
    app = create_app(load_settings(environment))
    command = [sys.executable, "-m", "storefront", "db", "upgrade"]
    environ = os.environ | environment | {"STOREFRONT_ENV_FILE": ""}
    started = [
        subprocess.Popen(command, env=environ, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 2, said
    assert "Traceback" not in "".join(said)
    assert differences(app) == []
    with app.app_context():
        db.engine.dispose()


@both
def test_keeps_orders_their_keys_and_the_owners_decision_through_every_step_from_nothing(app: Flask) -> None:
    """An order of the first version, withdrawn by its owner, goes up to the newest schema and back."""
    with app.app_context():
        go_down(app, "base")
    assert tables(app) == {"alembic_version"}
    go_up(app, "0001")
    with app.app_context():
        with transaction() as session:
            session.execute(text("INSERT INTO customers VALUES (1, 'test', 'Ada', 'ada', '2026-11-02 12:00:00')"))
            for statement in (PRODUCT_OF_0001, ORDER_OF_0001, ITEM_OF_0001, GRANT_OF_0001, LICENSE_OF_0001):
                session.execute(text(statement))
        db.session.remove()
    make_old(app)
    schema.upgrade(app)
    assert read_rows(app, "SELECT number, decision FROM orders") == [{"number": "N1", "decision": "withdraw"}]
    assert tables(app) == set(Base.metadata.tables) | {"alembic_version"}
    assert differences(app) == []
    with app.app_context():
        assert db.session.scalar(select(License.key_hash)) == hash_key("twin 7kq4x aaaaa aaaaa aaaa3")
        assert db.session.scalar(select(Customer.token_seed))
        db.session.remove()
        go_down(app, "0001")
    assert len(read_rows(app, "SELECT key FROM licenses JOIN grants ON grants.id = grant_id")) == 1
    assert [bool(row["is_withdrawn"]) for row in read_rows(app, "SELECT is_withdrawn FROM orders")] == [True]


@pytest.mark.slow
@both
def test_keeps_links_in_mails_and_makes_them_useless_to_who_copied_the_seeds(app: Flask) -> None:
    """What the shop of 0006 mailed goes on working; its seeds, which made the links alone, are thrown away."""
    seed, token = b"x", hmac.new(b"x", b"order:1", hashlib.sha256).hexdigest()[:32]
    kept = {"seed": seed, "hash": hash_token(token)}
    news = f"1-{hmac.new(b'y', b'news:1', hashlib.sha256).hexdigest()[:32]}"
    with app.app_context():
        go_down(app, "0006")
        with transaction() as session:
            customer = "1, 'sandbox', 'Ada', 'ada', '2026-11-02 12:00:00', :seed"
            names = "id, mode, email, email_key, created_at, token_seed"
            session.execute(text(f"INSERT INTO customers ({names}) VALUES ({customer})"), {"seed": b"y"})
            order = ORDER_OF_0001.replace("is_withdrawn", "decision").replace("false, true", "false, 'allow'")
            order = order.replace("'test'", "'sandbox'").replace("'x', 1, 'h'", ":seed, 1, :hash")
            session.execute(text(order), kept)
    go_up(app, "0007")
    with app.app_context():
        go_down(app, "0006")
        row = db.session.execute(text("SELECT token_seed, token_hash FROM orders")).one()
        remade = hmac.new(bytes(row.token_seed), b"order:1", hashlib.sha256).hexdigest()[:32]
        assert row.token_hash == hash_token(remade)  # what the shop of 0006 shows, it finds
        assert row.token_seed != seed
        with transaction() as session:  # and as it was before
            session.execute(text("UPDATE orders SET token_seed = :seed, token_hash = :hash"), kept)
            session.execute(text("UPDATE customers SET token_seed = :seed"), {"seed": b"y"})
        db.session.remove()
    schema.upgrade(app)
    with app.app_context():
        order_found = get_order_by_token(token)
        assert order_found.token_seed != seed
        assert order_token(order_found) != token
        assert get_order_by_token(order_token(order_found)).id == order_found.id
        assert get_reader(news).id == 1
        assert get_reader(news).token_seed != b"y"
        db.session.remove()


POOL = """
INSERT INTO pool_keys (product_id, mode, key, key_hash, grant_id, created_at)
SELECT min(id), 'sandbox', :key, :hash, :grant, '2026-11-02 12:00:00' FROM products
"""


@pytest.mark.slow
@both
def test_tells_unsold_keys_apart_exactly_and_leaves_sold_ones_as_they_are_found(app: Flask) -> None:
    """Where two would be one key again, on the way back, the second keeps what it has."""
    with app.app_context():
        go_down(app, "0001")
        with transaction() as session:
            session.execute(text("INSERT INTO customers VALUES (1, 'test', 'Ada', 'ada', '2026-11-02 12:00:00')"))
            for statement in (ORDER_OF_0001, ITEM_OF_0001, GRANT_OF_0001):
                session.execute(text(statement))
        db.session.remove()
    go_up(app, "0010")
    keys = ["SOLD-KEY-1", "Unsold-key\u20111", "UNSOLD-KEY-1", "LAST-KEY-1\r\nof two lines"]
    sold, *unsold = keys
    with app.app_context():
        with transaction() as session:
            for key in keys:
                values = {"key": key, "hash": hash_key(key) if key == sold else hash_exact(key)}
                session.execute(text(POOL), values | {"grant": 1 if key == sold else None})
        go_down(app, "0009")
    rows = "SELECT key_hash FROM pool_keys ORDER BY id"
    normal = [hash_key(sold), hash_key(unsold[0]), hash_exact(unsold[1]), hash_key(unsold[2])]
    assert [row["key_hash"] for row in read_rows(app, rows)] == normal
    schema.upgrade(app)
    assert [row["key_hash"] for row in read_rows(app, rows)] == [hash_key(sold), *map(hash_exact, unsold)]


def test_does_nothing_the_second_time(app: Flask) -> None:
    schema.upgrade(app)
    with app.app_context():
        assert db.session.scalars(text("SELECT version_num FROM alembic_version")).all() == [head()]


def test_makes_an_empty_database_ready(tmp_path: Path) -> None:
    app = create_app(load_settings(base_environment(tmp_path)))
    assert app.test_client().get("/readyz").status_code == 503
    schema.upgrade(app)
    assert app.test_client().get("/readyz").status_code == 200
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_reads_from_the_files_names_what_alembic_reads_from_the_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == head()
