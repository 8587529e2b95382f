"""Questions to the tables of a shop, and changes that no page or command would make."""

from typing import Any

from flask import Flask
from sqlalchemy import func, select, text

from storefront.core.db import db, transaction


def read_rows(app: Flask, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Return the rows that a SELECT finds, each by the names of its columns."""
    with app.app_context():
        rows = [dict(row) for row in db.session.execute(text(sql), values).mappings()]
        db.session.remove()
    return rows


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
