"""A look at the owner's list of orders."""

from typing import Any

from flask import Flask

from storefront.core.db import db
from storefront.owner.orders.listing import OrderFilter, OrderPage, find_orders


def look(app: Flask, *, older_than: str = "", limit: int = 50, **chosen: Any) -> OrderPage:
    with app.app_context():
        page = find_orders(OrderFilter(**chosen), older_than=older_than, limit=limit)
        db.session.remove()
    return page


def numbers(page: OrderPage) -> list[str]:
    return [order.number for order in page.orders]
