"""Twinspot in another currency, at another price."""

from flask import Flask
from sqlalchemy import select, update

from storefront.core.db import db, transaction
from storefront.shop.catalog.models import Edition, Price, Product


def price_in(app: Flask, currency: str, amount_minor: int) -> None:
    with app.app_context():
        with transaction() as session:
            twinspot = (
                select(Edition.id)
                .join(Product, Product.id == Edition.product_id)
                .where(Product.slug == "twinspot")
                .scalar_subquery()
            )
            session.execute(
                update(Price)
                .where(Price.edition_id.in_(twinspot))
                .values(currency=currency, amount_minor=amount_minor)
            )
        db.session.remove()
