"""Customers to erase, and what erasing one is."""

from flask import Flask
from sqlalchemy import inspect

from storefront.buyers.account.erase import erase_customer
from storefront.core.db import db, transaction
from storefront.customers.browser_session import find_customer
from tests.support.factories import make_order
from tests.support.rows import read_rows


def make_customers(app: Flask, count: int) -> list[str]:
    """Their addresses; each has an order that is not paid, and failed."""
    for _ in range(count):
        make_order(app)
    with app.app_context(), transaction() as session:
        session.connection().exec_driver_sql("UPDATE orders SET has_failed = true")
    return [row["email"] for row in read_rows(app, "SELECT email FROM customers ORDER BY id")]


def erase(app: Flask, email: str) -> None:
    with app.app_context():
        customer = find_customer(email)
        assert customer is not None
        erase_customer(customer.id)
        db.session.remove()


def everything(app: Flask) -> list[str]:
    """Every value of every table that was written for somebody, with its place."""
    with app.app_context():
        tables = [name for name in inspect(db.engine).get_table_names() if not name.startswith("huey")]
        db.session.remove()
    return [
        f"{table}.{column}: {value}"
        for table in tables
        for row in read_rows(app, f'SELECT * FROM "{table}"')
        for column, value in row.items()
    ]
