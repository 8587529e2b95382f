"""What an edition's license allows, in words made from its settings: text and key cannot contradict each other."""

from datetime import datetime

from storefront.core.languages import show_day, show_number
from storefront.core.texts import marked, marked_count
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
    return marked_count("For one person", "For %(people)s people", seats, people=show_number(seats))


def _devices(devices: int | None) -> str:
    if devices is None:
        return marked("On any number of devices")
    return marked_count("On one device", "On up to %(devices)s devices", devices, devices=show_number(devices))


def _expiry(days: int | None, until: datetime | None) -> str:
    if days is None and until is None:
        return marked("Never expires")
    if days is None and until is not None:
        return marked("Works through %(last_day)s", last_day=show_day(until))
    if until is not None:
        return marked(
            "Works for %(days)s, at most through %(last_day)s", days=_days(days or 0), last_day=show_day(until)
        )
    return marked("Works for %(days)s", days=_days(days or 0))


def _updates(days: int | None) -> str:
    if days is None:
        return marked("All updates")
    return marked("Updates for %(days)s", days=_days(days)) if days else marked("No updates")


def _days(days: int) -> str:
    if days % 365 == 0 and days:
        years = days // 365
        return marked_count("one year", "%(years)s years", years, years=show_number(years))
    return marked_count("one day", "%(days)s days", days, days=show_number(days))
