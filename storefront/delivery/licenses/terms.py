"""What a license allows: decided at the sale from product, edition and quantity, and kept on the license."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.shop.catalog.models import Price, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseTerms:
    """Of one key. None is no limit, and never."""

    activation_limit: int | None
    seats: int | None
    expires_at: datetime | None


def license_terms(product: Product, price: Price | None, *, quantity: int, starts_at: datetime) -> LicenseTerms:
    """An edition's limit comes before the product's. One key for all of a line has the limits of all."""
    times = quantity if product.one_key_per_order_item else 1
    limit = price.activation_limit if price and price.activation_limit is not None else product.activation_limit
    seats = price.seats if price and price.seats is not None else product.seats
    ends = [product.license_until] if product.license_until else []
    if product.license_days is not None:
        ends.append(starts_at + timedelta(days=product.license_days))
    return LicenseTerms(
        activation_limit=None if limit is None else limit * times,
        seats=None if seats is None else seats * times,
        expires_at=min(ends, default=None),
    )
