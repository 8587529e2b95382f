"""Buyers of a product who agreed to news and offers, or did not: rows, since they need no sale."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from storefront.core import clock, tokens
from storefront.core.db import transaction
from storefront.customers.models import Customer
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.owner.broadcasts.drafts import Typed, create_broadcast
from storefront.shop.catalog.models import Edition, Price, Product
from tests.support.factories import NOON


def make_readers(
    app: Flask, *names: str, slug: str = "twinspot", edition: str = "", agrees: bool = True, **facts: Any
) -> list[int]:
    """Add `name@example.com` for each name, with a paid order; `facts` are its columns. Returns their ids."""
    with app.app_context(), transaction() as session:
        product_id = session.scalars(select(Product.id).where(Product.slug == slug)).one()
        prices = select(Price.id).join(Edition, Edition.id == Price.edition_id)
        prices = prices.where(Edition.product_id == product_id, Edition.key.startswith(edition))
        price_id = session.scalars(prices.order_by(Price.id)).first()
        ids = []
        for name in names:
            email = f"{name}@example.com"
            customer = Customer(mode="sandbox", email=email, email_key=email)
            customer.wants_offers_since = clock.now() if agrees else None
            session.add(customer)
            session.flush()
            order = _order(customer, facts)
            session.add(order)
            session.flush()
            item = OrderItem(
                order_id=order.id, stripe_line_item_id=f"li_{name}", position=1, price_id=price_id,
                product_id=product_id, description="Twinspot", quantity=1, currency="usd", subtotal_minor=1900,
                discount_minor=0, tax_minor=0, total_minor=1900,
            )  # fmt: skip
            session.add(item)
            session.flush()
            session.add(Grant(order_item_id=item.id, product_id=product_id, kind=GrantKind.DOWNLOAD, ordinal=1))
            ids.append(customer.id)
    return ids


def _order(customer: Customer, facts: dict[str, Any]) -> Order:
    columns = {
        "number": f"N{customer.id}", "mode": "sandbox", "checkout_session_id": f"cs_test_{customer.id}",
        "customer_id": customer.id, "holder_id": customer.id, "email": customer.email, "currency": "usd",
        "subtotal_minor": 1900, "discount_minor": 0, "tax_minor": 0, "total_minor": 1900, "is_paid": True,
        "token_hash": tokens.hash_token(tokens.new_token()), "placed_at": NOON,
    }  # fmt: skip
    return Order(**columns | facts)


def draft(app: Flask, *goods: str, per_minute: int = 60, **texts: tuple[str, str]) -> int:
    """Write a draft; `texts` are (subject, text) by language."""
    words = texts or {"en": ("Twinspot 3 is near", "It has **more** spots.")}
    with app.test_request_context():
        return create_broadcast(Typed(texts=words, goods=goods, per_minute=str(per_minute)))
