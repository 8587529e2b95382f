"""Whether the database is there and its schema is the code's."""

from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storefront.db import db

NO_DATABASE = "no database, or never migrated"
BEHIND = "migrations behind: run `storefront db upgrade`"


def find_problem() -> str | None:
    """One statement; None when the shop can serve."""
    try:
        found = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        return NO_DATABASE
    return None if found == current_app.extensions["schema_head"] else BEHIND
