"""TaxRate objects of the places: Stripe makes those of automatic tax by itself, and so does this table."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.tax.places import PLACES, Place

_CREATED = 1_767_225_600
_NOTHING = Decimal(0)


def rate_object(country: str, place: Place | None, percentage: Decimal, *, is_inclusive: bool) -> Json:
    """Return the rate; a country without a place in the table has one of nothing."""
    state = place.state if place else None
    facts = f"{country}|{state}|{percentage.normalize()}|{is_inclusive}"
    return {
        "id": f"txr_1{hashlib.sha256(facts.encode()).hexdigest()[:23]}",
        "object": "tax_rate",
        "active": True,
        "country": country,
        "created": _CREATED,
        "description": None,
        "display_name": place.name if place else "Tax",
        "effective_percentage": float(percentage),
        "flat_amount": None,
        "inclusive": is_inclusive,
        "jurisdiction": state or country,
        "jurisdiction_level": "state" if state else "country",
        "livemode": False,
        "metadata": {},
        "percentage": float(percentage),
        "rate_type": "percentage",
        "state": state,
        "tax_type": place.tax_type if place else None,
    }


def every_rate() -> Iterator[Json]:
    """Yield all that the table can lead to, for those who ask for a rate by its id."""
    for place in PLACES.values():
        rates = {rate for rate in (place.standard, place.books, _NOTHING) if rate is not None}
        for percentage, is_inclusive in product(sorted(rates), (False, True)):
            yield rate_object(place.country, place, percentage, is_inclusive=is_inclusive)
