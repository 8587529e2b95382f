"""A shop of before: its tables are made anew without losing anything, and what an old id blocked is free."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storefront.core.db import db, transaction
from storefront.migrations import schema
from tests.migrations.tables import add_proof, differences, go_down, go_up, make_old
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows

pytestmark = pytest.mark.slow  # each goes through fifty versions and more, twice

both = pytest.mark.parametrize("engine", BOTH, indirect=True)

CUSTOMER = (
    "INSERT INTO customers (id, mode, email, email_key, token_seed, session_version, created_at)"
    " VALUES (1, 'sandbox', 'ada@example.com', 'ada@example.com', :seed, 1, '2026-11-02 10:00:00')"
)


def proof(number: int, created: str) -> str:
    return (
        "INSERT INTO address_proofs (id, mode, purpose, email, email_key, about, seed, link_hash, attempts,"
        f" created_at, expires_at) VALUES ({number}, 'sandbox', 'take_address', 'a', 'a', '40', 'x',"
        f" 'link{number}', 0, '2026-11-02 {created}', '2026-11-02 13:00:00')"
    )


def mail(name: str, created: str, kind: str = "proof") -> str:
    about = name.partition(":")[2]
    return (
        "INSERT INTO outbox (dedupe_key, about, kind, mode, recipient, language, message_id, state, due_at,"
        f" attempts, created_at) VALUES ('{name}', '{about}', '{kind}', 'sandbox', 'a', 'en', '{name}', 'queued',"
        f" '2026-11-02 {created}', 0, '2026-11-02 {created}')"
    )


def go_back(app: Flask) -> None:
    with app.app_context():
        go_down(app, "0004")
        db.session.remove()
    make_old(app)


LEFT_OVER = (
    CUSTOMER,
    proof(1, "12:00:00"),  # another had this id before: its mail was never made
    proof(2, "12:00:01"),
    mail("proof:1", "11:00:00"),
    mail("proof:2", "12:00:02"),
    mail("proof:77", "11:00:00"),
    mail("reconcile_report:9", "11:00:00", "reconcile_report"),
)


@both
def test_blocks_no_mail_by_what_is_left_of_codes_that_are_gone_and_gives_no_id_that_it_names(
    app: Flask, engine: str
) -> None:
    go_back(app)
    change_rows(app, *LEFT_OVER, seed=b"x")
    schema.upgrade(app)
    assert read_rows(app, "SELECT dedupe_key, about FROM outbox ORDER BY id") == [
        {"dedupe_key": "proof:link2", "about": "link2"},
        {"dedupe_key": "reconcile_report:9", "about": "9"},
    ]
    assert differences(app) == []
    if engine == "sqlite":  # of PostgreSQL no id was ever given twice
        assert add_proof(app, "new") > 77
        last = {row["name"]: row["seq"] for row in read_rows(app, "SELECT name, seq FROM sqlite_sequence")}
        assert last["address_changes"] > 40
        assert last["reconcile_passes"] > 9


@both
def test_finds_the_codes_of_its_mails_again_in_the_version_before(app: Flask) -> None:
    go_back(app)
    change_rows(app, *LEFT_OVER, seed=b"x")
    go_up(app, "0005")
    assert {"dedupe_key": "proof:link2", "about": "link2"} in read_rows(
        app, "SELECT dedupe_key, about FROM outbox"
    )
    with app.app_context():
        go_down(app, "0004")
        db.session.remove()
    assert read_rows(app, "SELECT dedupe_key, about FROM outbox WHERE kind = 'proof'") == [
        {"dedupe_key": "proof:2", "about": "2"}
    ]


def test_counts_from_one_in_a_new_shop(app: Flask) -> None:
    assert add_proof(app, "first") == 1


NEW = {("editions", "line"), ("editions", "created_at"), ("products", "first_listed_at")}  # none in an older shop


def all_of(app: Flask) -> dict[str, object]:
    """Rows, indexes and foreign keys, by table. Of an edition what older shops have, too."""
    tables = read_rows(app, "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'")
    indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    contents: dict[str, object] = {"indexes": read_rows(app, indexes)}
    for table in (row["name"] for row in tables):
        if table in ("data_keys", "page_state"):  # none in an older shop; drawn anew with each change
            continue
        keys = read_rows(app, f'PRAGMA foreign_key_list("{table}")')
        contents[table] = (
            [
                {name: value for name, value in row.items() if (table, name) not in NEW}
                for row in read_rows(app, f'SELECT * FROM "{table}" ORDER BY 1')
            ],
            sorted((key["from"], key["table"], key["to"], key["on_delete"]) for key in keys),
        )
    return contents


def test_loses_nothing_of_a_table_when_it_is_made_anew(app: Flask) -> None:
    before = all_of(app)
    go_back(app)
    schema.upgrade(app)
    assert all_of(app) == before
    assert differences(app) == []


def test_says_once_that_a_price_is_not_below_zero(app: Flask) -> None:
    for _upgrade in range(2):
        go_back(app)
        go_up(app, "0005")
    (row,) = read_rows(app, "SELECT sql FROM sqlite_master WHERE name = 'prices'")
    assert row["sql"].count("ck_prices_amount_not_negative") == 1


@both
def test_refuses_a_price_below_zero_in_the_database_too(app: Flask) -> None:
    with app.app_context(), pytest.raises(IntegrityError), transaction() as session:
        session.execute(text("UPDATE prices SET amount_minor = -1"))
