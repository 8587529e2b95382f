"""Tables of SQLite as shops had them before 0005: an id could be given twice."""

import sqlite3

from flask import Flask

from storefront.core.db import db


def make_old(app: Flask) -> None:
    """Nothing on PostgreSQL, where they never were like that. SQLite reads its own schema as text."""
    with app.app_context():
        path = db.engine.url.database
        is_sqlite = db.engine.dialect.name == "sqlite"
        db.session.remove()
        db.engine.dispose()
    if not is_sqlite:
        return
    driver = sqlite3.connect(str(path))
    with driver:
        driver.execute("PRAGMA writable_schema=ON")
        driver.execute("UPDATE sqlite_master SET sql = replace(sql, ' AUTOINCREMENT', '')")
        driver.execute("DELETE FROM sqlite_sequence")
    driver.close()
