"""Questions to the tables of a shop, and changes that no page or command would make."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import TextClause, bindparam, column, func, select, text

from storefront.core.db import UtcDateTime, db, transaction
from storefront.delivery.licenses.models import License, PoolKey


def read_rows(app: Flask, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Return the rows that a SELECT finds, each by the names of its columns."""
    with app.app_context():
        rows = [dict(row) for row in db.session.execute(_text(sql, values), values).mappings()]
        db.session.remove()
    return rows


def read_license_keys(app: Flask, sql: str = "SELECT key FROM licenses ORDER BY id", **values: Any) -> list[str]:
    """Return the license keys that a SELECT finds, opened: they lie sealed in the database."""
    of = PoolKey if "FROM pool_keys" in sql else License
    with app.app_context():
        keys = text(sql).columns(column("key", of.__table__.c.key.type))
        found = [row.key for row in db.session.execute(keys, values)]
        db.session.remove()
    return found


def count_rows(app: Flask, *models: type[Any]) -> dict[str, int]:
    """Return how many rows each table has, by its name."""
    with app.app_context():
        counts = {
            model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in models
        }
        db.session.remove()
    return counts


def change_rows(app: Flask, *statements: str, **values: Any) -> None:
    """Do in one transaction what only time or a broken part of the world would do."""
    with app.app_context(), transaction() as session:
        for statement in statements:
            session.execute(_text(statement, values), values)


def _text(sql: str, values: Mapping[str, Any]) -> TextClause:
    """Return a statement that says of moments that they are: drivers alone guess, and SQLite's warns of it."""
    moments = [name for name, value in values.items() if isinstance(value, datetime) and f":{name}" in sql]
    return text(sql).bindparams(*(bindparam(name, type_=UtcDateTime()) for name in moments))
