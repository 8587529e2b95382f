"""A product that sells imported keys, keys to import, and sales of it."""

from collections.abc import Iterable

from flask import Flask
from sqlalchemy import delete, select

from storefront.core.data_keys import KNOWN, DataKey
from storefront.core.db import db
from storefront.delivery.licenses.keys import hash_exact, hash_key
from storefront.delivery.licenses.models import License, PoolKey
from storefront.delivery.licenses.pools.import_keys import Imported, import_keys
from storefront.delivery.licenses.pools.key_files import read_keys
from storefront.payments.fulfillment.fulfill import fulfill_checkout
from storefront.shop.editor.product_settings import change_product_settings
from tests.support.rows import read_license_keys, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


def make_pool(app: Flask, slug: str = "twinspot") -> None:
    with app.app_context():
        change_product_settings(slug, {"key_source": "pool", "pool_low_at": 3, "pool_very_low_at": 1})
        db.session.remove()


def bring(app: Flask, keys: Iterable[str], slug: str = "twinspot") -> Imported:
    with app.app_context():
        done = import_keys(slug, read_keys("\n".join(keys).encode()))
        db.session.remove()
    return done


def numbered(count: int, start: int = 1) -> list[str]:
    return [f"IMPORTED-KEY-{number:04}" for number in range(start, start + count)]


def pay(app: Flask, sandbox: SandboxClient, count: int, *, quantity: int = 1) -> list[str]:
    """Paid sessions that the shop has not seen."""
    mirrors = "SELECT stripe_price_id FROM stripe_mirrors"
    if not read_rows(app, mirrors):
        buyer = Buyer(app)
        buyer.add()
        buyer.check_out()
    price = read_rows(app, mirrors)[0]["stripe_price_id"]
    sessions = [sandbox.create_session([{"price": price, "quantity": quantity}]) for _ in range(count)]
    for session_id in sessions:
        sandbox.pay(session_id, email=f"{session_id[-8:]}@example.com")
    return sessions


def fulfill(app: Flask, session_id: str) -> str:
    with app.app_context():
        try:
            return fulfill_checkout(session_id).outcome.value
        finally:
            db.session.remove()


def sold_keys(app: Flask) -> list[str]:
    return read_license_keys(app)


def open_pool_notices(app: Flask) -> list[str]:
    """Their levels."""
    rows = read_rows(app, "SELECT subject FROM notices WHERE closed_at IS NULL AND kind = 'pool_low'")
    return [row["subject"].split(":")[1] for row in rows]


def unseal(app: Flask) -> None:
    """Make of it a shop from before keys were sealed: what was sold and imported lies there as it is read."""
    with app.app_context():
        kept: list[License | PoolKey] = [
            *db.session.scalars(select(License)),
            *db.session.scalars(select(PoolKey)),
        ]
        keys = [row.key for row in kept]
        db.session.execute(delete(DataKey))
        db.session.commit()
        KNOWN.get().forget()
        for row, key in zip(kept, keys, strict=True):
            digest = hash_exact(key) if key.startswith("IMPORTED") else hash_key(key)
            row.key, row.key_hash = f"{key} ", digest
            db.session.flush()
            row.key = key  # written anew
        db.session.commit()
        db.session.remove()
