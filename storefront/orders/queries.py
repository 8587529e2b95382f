"""What other folders ask of orders. Only those of the running mode."""

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.orders.models import Order


def find_order_number(stripe_id: str) -> str | None:
    """Return the number of the order with this Checkout Session or this payment."""
    is_named = (Order.checkout_session_id == stripe_id) | (Order.payment_intent_id == stripe_id)
    return db.session.scalar(select(Order.number).where(Order.mode == settings().mode, is_named).limit(1))
