"""Many orders at once: copies of one that was sold, each a minute older than the one before."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from storefront.core.db import db, transaction
from storefront.orders.models import Order, OrderItem

UNIQUE = ("number", "checkout_session_id", "token_hash")


def copy_order(app: Flask, count: int, **changed: Any) -> list[str]:
    """Copy the newest order with its first line; `changed` are columns. Return the numbers, newest first."""
    orders, items = Order.__table__, OrderItem.__table__
    with app.app_context():
        newest = select(orders).order_by(orders.c.id.desc()).limit(1)
        first = dict(db.session.execute(newest).mappings().one())
        first_line = select(items).where(items.c.order_id == first["id"]).order_by(items.c.id).limit(1)
        line = dict(db.session.execute(first_line).mappings().one())
        rows, lines = [], []
        for place in range(1, count + 1):
            order_id = first["id"] + place
            own = dict.fromkeys(UNIQUE, f"COPY{order_id}") | {"id": order_id}
            rows.append(first | own | {"placed_at": first["placed_at"] - timedelta(minutes=place)} | changed)
            lines.append(line | {"id": line["id"] + 10 * place, "order_id": order_id})
        with transaction() as session:
            session.execute(insert(Order), rows)
            session.execute(insert(OrderItem), lines)
        db.session.remove()
    return [str(row["number"]) for row in rows]
