"""The row of a new order, made once for each Checkout Session."""

from typing import Any

from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import insert_missing
from storefront.orders.links import derive_order_token
from storefront.orders.models import Order
from storefront.stripe_api.seen import SeenCheckout

NUMBER_LENGTH = 8


def insert_order(session: Session, seen: SeenCheckout, *, mode: str, customer_id: int) -> bool:
    """Return True when this call made the row. It carries look ticket 1, and no facts yet."""
    seed = tokens.new_seed()
    row: dict[str, Any] = {
        "number": tokens.new_readable(NUMBER_LENGTH),
        "mode": mode,
        "checkout_session_id": seen.id,
        "payment_link_id": seen.payment_link_id,
        "recovered_from": seen.recovered_from,
        "customer_id": customer_id,
        "email": (seen.email or "").strip(),
        "name": seen.name,
        "country": seen.country,
        "business_name": seen.business_name,
        "billing_address": seen.address,
        "tax_ids": seen.tax_ids,
        "phone": seen.phone,
        "answers": seen.answers,
        "currency": seen.currency,
        "subtotal_minor": seen.subtotal_minor,
        "discount_minor": seen.discount_minor,
        "discount_code": seen.discount.code if seen.discount else None,
        "tax_minor": seen.tax_minor,
        "total_minor": seen.total_minor,
        "presentment_minor": seen.presentment_minor,
        "presentment_currency": seen.presentment_currency,
        "taxes": seen.taxes,
        "stripe_customer_id": seen.customer_id,
        "checkout_text": seen.checkout_text,
        "has_accepted": seen.has_accepted,
        "look_ticket": 1,
        "looked_at": clock.now(),
        "token_seed": seed,
        "token_hash": tokens.hash_token(derive_order_token(seed, version=1)),
        "placed_at": seen.created_at,
    }
    return insert_missing(session, Order, [row]) == 1
