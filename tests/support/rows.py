"""Questions to the tables of a shop, and changes that no page or command would make."""

from typing import Any

from flask import Flask
from sqlalchemy import column, func, select, text

from storefront.core.db import db, transaction
from storefront.delivery.licenses.models import License, PoolKey


def read_rows(app: Flask, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Return the rows that a SELECT finds, each by the names of its columns."""
    with app.app_context():
        rows = [dict(row) for row in db.session.execute(text(sql), values).mappings()]
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
            session.execute(text(statement), values)
