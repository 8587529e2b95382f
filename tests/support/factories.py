"""Rows that a test only needs to be there, with values that nothing asks about unless a test names them."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from storefront.core import tokens
from storefront.core.db import transaction
from storefront.customers.models import Customer
from storefront.orders.models import Order
from storefront.payments.webhook.models import StripeEvent

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def make_order(app: Flask, **values: Any) -> int:
    """Add an unpaid order of a new customer, without items. Returns its id; `values` are columns of it."""
    with app.app_context(), transaction() as session:
        number = session.scalars(select(func.count()).select_from(Order)).one() + 1
        customer = Customer(mode="sandbox", email=f"{number}@shop.example", email_key=f"{number}@shop.example")
        session.add(customer)
        session.flush()
        columns = {
            "number": f"ORDER{number}",
            "mode": "sandbox",
            "checkout_session_id": f"cs_test_{number}",
            "customer_id": customer.id,
            "email": customer.email,
            "currency": "usd",
            "subtotal_minor": 1900,
            "discount_minor": 0,
            "tax_minor": 0,
            "total_minor": 1900,
            "token_hash": tokens.hash_token(tokens.new_token()),
            "placed_at": NOON,
        }
        order = Order(**columns | values)
        session.add(order)
        session.flush()
        return order.id


def make_unhandled_event(app: Flask, event_id: str, event_type: str, object_id: str, **values: Any) -> None:
    """Add a delivery of Stripe that came at noon and was not finished; `values` are columns of it."""
    columns = {"livemode": False, "mode": "sandbox", "created_at": NOON, "received_at": NOON}
    with app.app_context(), transaction() as session:
        session.add(StripeEvent(id=event_id, type=event_type, object_id=object_id, **columns | values))
