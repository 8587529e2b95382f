"""Whether the database is there and its schema is the code's."""

from sqlalchemy import ColumnElement, String, literal_column, text
from sqlalchemy.exc import SQLAlchemyError

from storefront.core.db import db, read_all
from storefront.core.outages import NOT_UPGRADED, READ_ONLY, DatabaseUnavailable, find_outage, is_about_schema
from storefront.migrations.head import head, is_newer

NO_DATABASE = "no database: look at DATABASE_URL"
NEVER_MIGRATED = "no tables in the database: run `storefront db upgrade`, or look at DATABASE_URL"
READ_ONLY_FOLDER = "the folder of the database, or a file in it, cannot be written by this user"
BEHIND = "migrations behind: run `storefront db upgrade`"


# For who asks for something else as well, and for no statement more.
REVISION: ColumnElement[str | None] = literal_column("(SELECT version_num FROM alembic_version)", String())


def find_revision() -> str | None:
    """Return the number of the newest migration that the database has had; None for none at all.

    Raises SQLAlchemyError for a database that is not there, or was never migrated.
    """
    return next((row[0] for row in read_all(text("SELECT version_num FROM alembic_version"), {})), None)


def find_current() -> str | None:
    """Return the same, and None as well where the database was never migrated."""
    try:
        return find_revision()
    except SQLAlchemyError as error:
        if not is_about_schema(error):
            raise
        return None
    finally:
        db.session.rollback()


def find_problem() -> str | None:
    """One statement; None when the shop can serve.

    It can on a schema that newer code made, which only adds to what older code knows: while a new version is
    brought out, both serve (`plan.py`). Where the newer one did take something away, `find_trouble` says so.
    """
    try:
        found = find_revision()
    except SQLAlchemyError as error:
        return _why_unreadable(error)
    return None if found is not None and (found == head() or is_newer(found)) else BEHIND


def _why_unreadable(error: SQLAlchemyError) -> str:
    if is_about_schema(error):
        return NEVER_MIGRATED
    outage = find_outage(error)
    return READ_ONLY_FOLDER if outage and outage.why == READ_ONLY else NO_DATABASE


def find_newer() -> str | None:
    """Return the number of a schema that is newer than the code, in one statement; else None."""
    found = find_current()
    return found if found is not None and is_newer(found) else None


def is_not_upgraded(error: SQLAlchemyError) -> bool:
    """Tell whether a table or column is missing because the schema is older than the code, or too new for it."""
    if not is_about_schema(error):
        return False
    db.session.rollback()  # PostgreSQL answers nothing more in a transaction that failed
    return find_problem() is not None or find_newer() is not None


def find_trouble(error: SQLAlchemyError) -> DatabaseUnavailable | None:
    """Return trouble of the database itself, or a schema that is not the code's; None for a bug."""
    return find_outage(error) or (DatabaseUnavailable(NOT_UPGRADED) if is_not_upgraded(error) else None)
