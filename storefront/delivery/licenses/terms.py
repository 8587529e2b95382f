"""What a license allows: decided at the sale from product, edition and quantity, and kept on the license."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.shop.catalog.models import Edition, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseTerms:
    """What one key allows. None is no limit, and never."""

    activation_limit: int | None
    seats: int | None
    expires_at: datetime | None


def license_terms(
    product: Product, edition: Edition | None, *, quantity: int, starts_at: datetime
) -> LicenseTerms:
    """Return the terms of each key. One key for all of a line has the limits of all."""
    keys_in_one = quantity if product.one_key_per_order_item else 1
    return LicenseTerms(
        activation_limit=_limit(
            product.activation_limit, edition.activation_limit if edition else None, keys_in_one
        ),
        seats=_limit(product.seats, edition.seats if edition else None, keys_in_one),
        expires_at=_expiry(product, starts_at),
    )


def _limit(of_product: int | None, of_edition: int | None, times: int) -> int | None:
    """Return the edition's limit, or else the product's."""
    limit = of_product if of_edition is None else of_edition
    return None if limit is None else limit * times


def _expiry(product: Product, starts_at: datetime) -> datetime | None:
    """Return the earlier of the day that is the same for everybody, and so many days from the sale."""
    ends = [product.license_until] if product.license_until else []
    if product.license_days is not None:
        ends.append(starts_at + timedelta(days=product.license_days))
    return min(ends, default=None)
