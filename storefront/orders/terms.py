"""The terms that an item, or a part of one, was sold with: whatever the product's settings say by now."""

from dataclasses import fields

from storefront.orders.models import SoldTerms
from storefront.shop.catalog.terms import SaleTerms


def sold_terms(sold: SoldTerms) -> SaleTerms:
    return SaleTerms(**{field.name: getattr(sold, field.name) for field in fields(SaleTerms)})
