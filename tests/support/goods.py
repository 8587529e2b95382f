"""Products that tests invent, and purchases for pages that only show them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from storefront.buyers.library.purchase import KeyState, Purchase, PurchasedFile, PurchasedItem, PurchasedKey
from storefront.core.db import db, transaction
from storefront.orders.models import OrderItem
from storefront.shop.catalog.models import Edition, Price, Product, ProductState
from storefront.shop.editor import prices


def make_product(
    app: Flask,
    slug: str,
    *prices: tuple[int, str],
    description: str = "",
    state: ProductState = ProductState.PUBLISHED,
    **values: Any,
) -> list[int]:
    """A product with an edition for each (amount, currency); returns the prices' ids."""
    with app.app_context(), transaction() as session:
        product = Product(
            slug=slug,
            name=slug.title(),
            summary=f"About {slug}.",
            description_markdown=description,
            first_slug=slug,
            state=state,
            **values,
        )
        session.add(product)
        session.flush()
        editions = [
            Edition(product_id=product.id, key=f"edition-{number}", name=f"Edition {number}", position=number)
            for number in range(1, len(prices) + 1)
        ]
        session.add_all(editions)
        session.flush()
        rows = [
            Price(edition_id=edition.id, amount_minor=amount, currency=currency)
            for edition, (amount, currency) in zip(editions, prices, strict=True)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def make_edition(app: Flask, slug: str, name: str, amount_minor: int, currency: str) -> int:
    """Add an edition with one price at the end, and return the price's id."""
    with app.app_context(), transaction() as session:
        product_id = session.scalars(select(Product.id).where(Product.slug == slug)).one()
        edition = Edition(product_id=product_id, key=name.lower(), name=name, position=9)
        session.add(edition)
        session.flush()
        price = Price(edition_id=edition.id, amount_minor=amount_minor, currency=currency)
        session.add(price)
        session.flush()
        return price.id


def set_price(app: Flask, slug: str, edition: str, currency: str, amount_minor: int) -> int:
    """Sell an edition for this amount, as its owner does, and return the price's id."""
    with app.app_context():
        prices.set_price(slug, edition, currency, amount_minor)
        price_id = db.session.scalars(
            select(Price.id)
            .join(Edition, Edition.id == Price.edition_id)
            .join(Product, Product.id == Edition.product_id)
            .where(Product.slug == slug, Edition.key == edition, Price.currency == currency, Price.is_active)
        ).one()
        db.session.remove()
    return price_id


def change_product(app: Flask, slug: str, **values: Any) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Product).where(Product.slug == slug).values(**values))


def change_sold(app: Flask, slug: str, **values: Any) -> None:
    """Change the terms of the past sales of a product, as if it had been sold with these."""
    product = select(Product.id).where(Product.slug == slug).scalar_subquery()
    with app.app_context(), transaction() as session:
        session.execute(update(OrderItem).where(OrderItem.product_id == product).values(**values))


def change_price(app: Flask, price_id: int, **values: Any) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Price).where(Price.id == price_id).values(**values))


def unpublish_everything(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Product).values(state=ProductState.DRAFT))


def make_purchase(**changes: Any) -> Purchase:
    """A paid order of two license keys with their file, and a book."""
    keys = ("TEST-AAAAA-BBBBB-CCCCC-DDDDD", "TEST-EEEEE-FFFFF-GGGGG-HHHHH")
    paid = Purchase(
        number="1042",
        state="fulfilled",
        state_text="Paid.",
        access_allowed=True,
        access_reason="Paid.",
        email="buyer@example.com",
        placed_at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
        paid_at=datetime(2026, 11, 2, 9, 31, tzinfo=UTC),
        currency="usd",
        subtotal_minor=5200,
        discount_minor=520,
        tax_minor=374,
        total_minor=5054,
        presentment=None,
        payment_method_type="card",
        payment_method="Card",
        order_url="http://localhost/orders/secret-token",
        again_url="http://localhost/checkout/again/secret-token",
        items=(_make_item("Twinspot (Personal)", 2, 3800, keys), _make_item("A Book (E-book)", 1, 1400, ())),
        mail_state="sent",
    )
    return replace(paid, **changes)


def make_denied_purchase(state: str, sentence: str, **changes: Any) -> Purchase:
    """As the library reads an order whose access is gone: without keys and files."""
    items = tuple(replace(item, keys=(), files=()) for item in make_purchase().items)
    return make_purchase(
        state=state, state_text=sentence, access_allowed=False, access_reason=sentence, items=items, **changes
    )


def _make_item(description: str, quantity: int, amount_minor: int, keys: tuple[str, ...]) -> PurchasedItem:
    file = PurchasedFile(
        name="goods-1.0.zip",
        url="http://localhost/downloads/secret-token/7/goods-1.0.zip",
        size_bytes=1_400_000,
        sha256="0123456789abcdef" * 4,
        version="1.0",
        content_type="application/zip",
    )
    return PurchasedItem(
        description=description,
        quantity=quantity,
        amount_minor=amount_minor,
        is_known=True,
        price_id=1,
        keys=tuple(_make_key(number, key) for number, key in enumerate(keys, start=1)),
        files=(file,),
        is_refunded=False,
        is_owned_already=False,
    )


def _make_key(number: int, key: str) -> PurchasedKey:
    return PurchasedKey(
        license_id=number, key=key, state=KeyState.WORKS, activation_limit=3, seats=None, expires_at=None
    )


def unknown_line(name: str) -> dict[str, Any]:
    return {"price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": name}}, "quantity": 1}
