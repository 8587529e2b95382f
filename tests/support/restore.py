"""A database of SQLite that is put back to an earlier moment, as an owner does with a backup."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from storefront.core.db import db
from storefront.core.runtime import runtime


def back_up(app: Flask) -> Callable[[], None]:
    """Keep the database as it is, and return what puts it back."""
    path = Path(str(runtime(app).settings.database_url).split("sqlite:///")[1])
    kept = path.with_suffix(".kept")
    _copy(app, path, kept)
    return lambda: _copy(app, kept, path)


def _copy(app: Flask, source: Path, target: Path) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    read, written = sqlite3.connect(source), sqlite3.connect(target)
    read.backup(written)
    read.close()
    written.close()
