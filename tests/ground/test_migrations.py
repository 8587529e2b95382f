"""Migrations: they end at exactly what the models say, and every step can be taken back."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import inspect, text

from storefront.app import create_app
from storefront.config import load_settings
from storefront.db import Base, db
from storefront.migrations import schema
from tests.databases import BOTH, base_environment

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def differences(app: Flask) -> list[object]:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "render_as_batch": connection.dialect.name == "sqlite"},
        )
        found = compare_metadata(context, Base.metadata)
        return [change for change in found if "huey_" not in str(change)]


def tables(app: Flask) -> set[str]:
    with app.app_context():
        return set(inspect(db.engine).get_table_names())


@both
def test_leaves_no_difference_between_models_and_database(app: Flask) -> None:
    assert tables(app) == set(Base.metadata.tables) | {"alembic_version"}
    assert differences(app) == []


@both
def test_goes_back_to_nothing_and_up_again(app: Flask) -> None:
    with app.app_context():
        downgrade(directory=str(schema.FOLDER), revision="base")
    assert tables(app) == {"alembic_version"}
    schema.upgrade(app)
    assert tables(app) == set(Base.metadata.tables) | {"alembic_version"}
    assert differences(app) == []


def test_does_nothing_the_second_time(app: Flask) -> None:
    schema.upgrade(app)
    with app.app_context():
        assert db.session.scalars(text("SELECT version_num FROM alembic_version")).all() == [schema.head()]


def test_makes_an_empty_database_ready(tmp_path: Path) -> None:
    app = create_app(load_settings(base_environment(tmp_path)))
    assert app.test_client().get("/readyz").status_code == 503
    schema.upgrade(app)
    assert app.test_client().get("/readyz").status_code == 200
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
