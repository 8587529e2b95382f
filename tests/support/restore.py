"""A database of SQLite that is put back to an earlier moment, as an owner does, and what is made meanwhile."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from storefront.core.db import db
from storefront.core.runtime import runtime
from storefront.shop.editor.editions import add_edition
from storefront.shop.editor.prices import read_amount, set_price
from tests.support.rows import read_rows


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


def add_priced(app: Flask, name: str, amount: str, currency: str = "usd") -> int:
    """Sell an edition of this name, and return its price's number."""
    with app.app_context():
        add_edition("twinspot", name)
        set_price("twinspot", name.lower(), currency, read_amount(amount, currency))
        db.session.remove()
    return int(read_rows(app, "SELECT max(id) AS id FROM prices")[0]["id"])
