"""Health: alive while the process runs; ready while it can serve."""

from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from storefront.core.db import transaction
from storefront.core.runtime import runtime
from tests.support.databases import BOTH
from tests.support.make_shop import MakeShop
from tests.support.statements import counted


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_is_ready_with_a_migrated_database(app: Flask) -> None:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "ok"
    assert answer.get_json()["mode"] == "sandbox"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_costs_a_probe_few_statements_however_often_it_asks(app: Flask) -> None:
    client = app.test_client()
    for _again in range(2):
        with counted(app) as statements:
            assert client.get("/readyz").status_code == 200
        assert len(statements) <= 14, statements
        with counted(app) as statements:
            assert client.get("/healthz").get_json() == {"status": "ok"}
        assert statements == []


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize(
    "change", ["UPDATE alembic_version SET version_num = 'old'", "DELETE FROM alembic_version"]
)
def test_is_not_ready_while_migrations_are_behind(app: Flask, change: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(text(change))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["problem"] == "migrations behind: run `storefront db upgrade`"


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("missing", "no tables in the database: run `storefront db upgrade`, or look at DATABASE_URL"),
        ("folder", "no database: look at DATABASE_URL"),
        ("nonsense", "no database: look at DATABASE_URL"),
    ],
)
def test_is_not_ready_without_a_usable_database(
    make_shop: MakeShop, tmp_path: Path, broken: str, problem: str
) -> None:
    if broken == "folder":
        (tmp_path / "shop.db").mkdir()
    if broken == "nonsense":
        (tmp_path / "shop.db").write_text("this is no database " * 100)
    client = make_shop().test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["problem"] == problem
    assert client.get("/healthz").status_code == 200


def test_shows_the_error_page_without_a_database(make_shop: MakeShop, tmp_path: Path) -> None:
    (tmp_path / "shop.db").mkdir()
    answer = make_shop().test_client().get("/")
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text


def test_is_not_ready_when_postgresql_does_not_answer(make_shop: MakeShop) -> None:
    app = make_shop(DATABASE_URL="postgresql://nobody@127.0.0.1:9/shop?connect_timeout=2")
    client = app.test_client()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_is_ready_again_after_postgresql_dropped_its_connections(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    url = runtime(app).settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as other:
        dropped = other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert dropped
    assert client.get("/readyz").status_code == 200
