"""The terms that an item was sold with, as they were kept: whatever the product's settings say by now."""

from dataclasses import fields

from storefront.orders.models import OrderItem
from storefront.shop.catalog.terms import SaleTerms


def sold_terms(item: OrderItem) -> SaleTerms:
    return SaleTerms(**{field.name: getattr(item, field.name) for field in fields(SaleTerms)})
