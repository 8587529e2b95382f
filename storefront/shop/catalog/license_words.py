"""What an edition's license allows, in words made from its settings: text and key cannot contradict each other."""

from datetime import datetime

from storefront.shop.catalog.models import Edition, Product
from storefront.shop.catalog.terms import terms_of_today


def license_words(product: Product, edition: Edition) -> tuple[str, ...]:
    """Return what a key of this edition allows; nothing for a product without keys."""
    terms = terms_of_today(product, edition)
    if not terms.grants_license:
        return ()
    words = (
        _seats(terms.seats),
        _devices(terms.activation_limit),
        _expiry(terms.license_days, terms.license_until),
        _updates(terms.update_days) if terms.grants_download else "",
    )
    return tuple(filter(None, words))


def _seats(seats: int | None) -> str:
    if seats is None:
        return ""
    return "For one person" if seats == 1 else f"For {seats:,} people"


def _devices(devices: int | None) -> str:
    if devices is None:
        return "On any number of devices"
    return "On one device" if devices == 1 else f"On up to {devices:,} devices"


def _expiry(days: int | None, until: datetime | None) -> str:
    last_day = f"through {until:%B} {until.day}, {until.year}" if until else ""
    if days is None:
        return f"Works {last_day}" if until else "Never expires"
    return f"Works for {_days(days)}" + (f", at most {last_day}" if until else "")


def _updates(days: int | None) -> str:
    if days is None:
        return "All updates"
    return f"Updates for {_days(days)}" if days else "No updates"


def _days(days: int) -> str:
    if days % 365 == 0 and days:
        years = days // 365
        return "one year" if years == 1 else f"{years:,} years"
    return "one day" if days == 1 else f"{days:,} days"
