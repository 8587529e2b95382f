"""What a license allows: computed from the terms of its sale and its quantity, and kept on the license."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.shop.catalog.terms import SaleTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseTerms:
    """What one key allows. None is no limit, and never."""

    activation_limit: int | None
    seats: int | None
    expires_at: datetime | None


def license_terms(sold: SaleTerms, *, quantity: int, starts_at: datetime) -> LicenseTerms:
    """Return the terms of each key. One key for all of a line has the limits of all."""
    keys_in_one = quantity if sold.one_key_per_order_item else 1
    return LicenseTerms(
        activation_limit=_times(sold.activation_limit, keys_in_one),
        seats=_times(sold.seats, keys_in_one),
        expires_at=_expiry(sold, starts_at),
    )


def _times(limit: int | None, times: int) -> int | None:
    return None if limit is None else limit * times


def _expiry(sold: SaleTerms, starts_at: datetime) -> datetime | None:
    """Return the earlier of the day that is the same for everybody, and so many days from the sale."""
    ends = [sold.license_until] if sold.license_until else []
    if sold.license_days is not None:
        ends.append(starts_at + timedelta(days=sold.license_days))
    return min(ends, default=None)
