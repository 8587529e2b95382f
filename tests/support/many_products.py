"""Products by the dozen, for catalogs that are searched and paged."""

from flask import Flask

from storefront.core.db import transaction
from storefront.shop.catalog.models import Edition, Price, Product, ProductState


def add_products(app: Flask, count: int) -> None:
    with app.app_context(), transaction() as session:
        for number in range(count):
            slug = f"more-{number:03}"
            product = Product(
                slug=slug,
                first_slug=slug,
                name=f"More {number:03}",
                summary="One of many",
                description_markdown="",
                state=ProductState.PUBLISHED,
                position=100 + number,
                tags=["Many", "<b>&amp;"] if number % 2 else ["Many"],
                grants_download=True,
            )
            session.add(product)
            session.flush()
            edition = Edition(product_id=product.id, key="one", name="One")
            session.add(edition)
            session.flush()
            session.add(Price(edition_id=edition.id, amount_minor=100 + number, currency="usd"))
