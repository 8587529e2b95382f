"""How a database gets to the migration that the code expects, without a command line."""

from flask import Flask
from flask_migrate import Migrate
from flask_migrate import upgrade as _upgrade

from storefront.core.db import db
from storefront.migrations.head import FOLDER


def set_up(app: Flask) -> None:
    """Tell Alembic where things are, for a process that migrates: one that serves need not load it."""
    Migrate(app, db, directory=str(FOLDER))


def upgrade(app: Flask) -> None:
    set_up(app)
    with app.app_context():
        _upgrade(directory=str(FOLDER))
