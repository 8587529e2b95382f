"""Tables as old shops had them, a row to put into them, and how they differ from the models."""

import sqlite3
from contextlib import closing
from hashlib import sha256

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from storefront.core import clock
from storefront.core.db import Base, db, transaction
from storefront.customers.models import AddressProof, ProofPurpose
from storefront.migrations import schema
from storefront.migrations.head import FOLDER
from tests.delivery.licenses.pools import unseal

_older: dict[tuple[str, bytes], bytes] = {}  # (revision, hash of a database) -> that database at the revision


def go_down(app: Flask, revision: str) -> None:
    """Take the tables back to an older version, in the app's context. Those know of no sealed keys.

    The same file of SQLite becomes the same again: what most tests begin with goes down once in each process.
    """
    db.session.remove()
    db.engine.dispose()
    if db.engine.dialect.name != "sqlite":
        _go_down(app, revision)
        return
    path = str(db.engine.url.database)
    known = (revision, sha256(_read(path)).digest())
    if known in _older:
        _write(path, _older[known])
        return
    _go_down(app, revision)
    db.session.remove()
    db.engine.dispose()
    _older[known] = _read(path)


def go_up(app: Flask, revision: str) -> None:
    """Take older tables up to a version that is not the newest: a few steps take a tenth of the whole way."""
    schema.set_up(app)
    with app.app_context():
        db.session.remove()
        upgrade(directory=str(FOLDER), revision=revision)
        db.session.remove()


def _read(path: str) -> bytes:
    """With what is still in its log."""
    with closing(sqlite3.connect(path)) as file:
        return file.serialize()


def _write(path: str, content: bytes) -> None:
    with closing(sqlite3.connect(":memory:")) as memory, closing(sqlite3.connect(path)) as file:
        memory.deserialize(content[:18] + b"\x01\x01" + content[20:])  # in memory there is no log beside it
        memory.backup(file)


def _go_down(app: Flask, revision: str) -> None:
    is_sealed = db.session.scalar(text("SELECT 1 FROM licenses WHERE key LIKE 'sealed:%' LIMIT 1"))
    db.session.remove()
    if is_sealed:
        unseal(app)
    schema.set_up(app)
    downgrade(directory=str(FOLDER), revision=revision)


def make_old(app: Flask) -> None:
    """Give SQLite its tables of before 0005, where an id could be given twice; PostgreSQL never had such."""
    with app.app_context():
        path = db.engine.url.database
        is_sqlite = db.engine.dialect.name == "sqlite"
        db.session.remove()
        db.engine.dispose()
    if not is_sqlite:
        return
    driver = sqlite3.connect(str(path))  # SQLite reads its own schema as text
    with driver:
        driver.execute("PRAGMA writable_schema=ON")
        driver.execute("UPDATE sqlite_master SET sql = replace(sql, ' AUTOINCREMENT', '')")
        driver.execute("DELETE FROM sqlite_sequence")
    driver.close()


def add_proof(app: Flask, link_hash: str) -> int:
    """Add a proof that has just expired, and return its id."""
    with app.app_context(), transaction() as session:
        proof = AddressProof(
            mode="sandbox",
            purpose=ProofPurpose.SIGN_IN,
            email="ada@example.com",
            email_key="ada@example.com",
            link_hash=link_hash,
            expires_at=clock.now(),
        )
        session.add(proof)
        session.flush()
        return proof.id


def differences(app: Flask) -> list[object]:
    """Return what a migration would still have to change, the queue's own tables left out."""
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "render_as_batch": connection.dialect.name == "sqlite"},
        )
        changes = compare_metadata(context, Base.metadata)
        return [change for change in changes if "huey_" not in str(change)]
