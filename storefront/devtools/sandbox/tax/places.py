"""Where the sandbox knows a tax, and how much: a small table to try a shop with, not to file a return with.

Rates are those of autumn 2026. A place that is not in the table, or not in the setting `tax_registrations`,
collects nothing (`not_collecting`). Digital books (`txcd_10302000`) have a rate of their own in most places.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from storefront.devtools.sandbox.storage.records import Json

BOOKS = "txcd_10302000"
NONTAXABLE = "txcd_00000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`books` is what digital books are taxed at. None for a rate: such goods are not taxed there."""

    country: str
    state: str | None = None
    name: str = "VAT"
    tax_type: str = "vat"
    standard: Decimal | None
    books: Decimal | None

    @property
    def code(self) -> str:
        """Return what registrations call it: `DE`, `US-WA`."""
        return f"{self.country}-{self.state}" if self.state else self.country


def _vat(country: str, standard: str, books: str) -> Place:
    return Place(country=country, standard=Decimal(standard), books=Decimal(books))


def _state(state: str, standard: str | None, books: str | None) -> Place:
    return Place(
        country="US",
        state=state,
        name="Sales Tax",
        tax_type="sales_tax",
        standard=None if standard is None else Decimal(standard),
        books=None if books is None else Decimal(books),
    )


_TABLE = (
    _vat("AT", "20", "10"),
    _vat("BE", "21", "6"),
    _vat("DE", "19", "7"),
    _vat("DK", "25", "25"),
    _vat("ES", "21", "4"),
    _vat("FI", "25.5", "13.5"),
    _vat("FR", "20", "5.5"),
    _vat("IE", "23", "9"),
    _vat("IT", "22", "4"),
    _vat("NL", "21", "9"),
    _vat("PL", "23", "5"),
    _vat("PT", "23", "6"),
    _vat("SE", "25", "6"),
    _vat("GB", "20", "0"),
    _vat("CH", "8.1", "2.6"),
    _state("CA", None, None),
    _state("NJ", "6.625", "6.625"),
    _state("NY", "4", None),
    _state("PA", "6", "6"),
    _state("TX", "6.25", "6.25"),
    _state("WA", "6.5", "6.5"),
)
PLACES = {place.code: place for place in _TABLE}
EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905 - a table reads better in one line
# The first three digits of postal codes, from and to.
_ZIP_CODES = {
    "CA": ((900, 961),),
    "NJ": ((70, 89),),
    "NY": ((100, 149), (5, 5), (63, 63)),
    "PA": ((150, 196),),
    "TX": ((750, 799), (885, 885)),
    "WA": ((980, 994),),
}
_ELSEWHERE = "??"


def is_complete(address: Json) -> bool:
    """Tell whether an address says enough: the country, and in the United States state or postal code."""
    if not address.get("country"):
        return False
    return address["country"] != "US" or bool(address.get("state") or address.get("postal_code"))


def place_of(address: Json) -> Place | None:
    """Return the place of the table that an address is in."""
    country = str(address["country"])
    if country != "US":
        return PLACES.get(country)
    state = str(address.get("state") or _state_of(str(address.get("postal_code") or "")))
    return PLACES.get(f"US-{state.upper()}")


def _state_of(postal_code: str) -> str:
    digits = postal_code.strip()[:3]
    if not re.fullmatch("[0-9]{3}", digits):
        return _ELSEWHERE
    for state, ranges in _ZIP_CODES.items():
        if any(first <= int(digits) <= last for first, last in ranges):
            return state
    return _ELSEWHERE
