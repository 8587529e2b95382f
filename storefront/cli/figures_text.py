"""Figures on a terminal, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from storefront.core import money
from storefront.owner.figures.read import Figures, OfCurrency
from storefront.owner.figures.sums import Facet, Fees, Sums

UNKNOWN = {
    Fees.NOT_YET: "not yet known",
    Fees.ELSEWHERE: "booked in another currency: see there",
}
BOOKED = ("disputed_minor", "fee_minor", "net_minor")
SPLITS = {
    Facet.PRODUCT: "Products",
    Facet.EDITION: "Editions",
    Facet.COUNTRY: "Countries",
    Facet.CODE: "Codes",
    Facet.REFERRER: "Referrers",
}


def figures_to_json(figures: Figures) -> dict[str, Any]:
    """Return amounts in minor units, None for what is not known or booked in another currency.

    `days` leaves out those without sales, and knows no more of a day than is known of all.
    """
    return {
        "first": figures.span.first.isoformat(),
        "last": figures.span.last.isoformat(),
        "zone": figures.zone,
        "as_of": figures.as_of.isoformat(),
        "currencies": [_currency_to_json(of) for of in figures.currencies],
    }


def _currency_to_json(of: OfCurrency) -> dict[str, Any]:
    days = [_day_to_json(day, sums, of.fees) for day, sums in of.days if any(asdict(sums).values())]
    parts = {facet.value: [asdict(part) for part in parts] for facet, parts in of.parts.items()}
    sums = {"gross_minor": of.sums.gross_minor, **_sums_to_json(of.sums, of.fees)}
    return {"currency": of.currency, **sums, "days": days} | parts


def _day_to_json(day: date, sums: Sums, fees: Fees) -> dict[str, Any]:
    of_day = fees if fees in UNKNOWN else sums.fees(is_booked_elsewhere=False)
    return {"day": day.isoformat(), **_sums_to_json(sums, of_day)}


def _sums_to_json(sums: Sums, fees: Fees) -> dict[str, Any]:
    return asdict(sums) | (dict.fromkeys(BOOKED) if fees in UNKNOWN else {})


def figures_lines(figures: Figures) -> Iterator[str]:
    """Yield the lines in which an owner reads them."""
    yield f"{figures.span.first} to {figures.span.last}, days in {figures.zone}"
    if not figures.currencies:
        yield "Nothing was sold in this time."
    for of in figures.currencies:
        yield from _currency_lines(of)


def _currency_lines(of: OfCurrency) -> Iterator[str]:
    sums = of.sums
    amounts = {
        "Gross": "gross_minor",
        "Discounts": "discount_minor",
        "Tax in it": "tax_minor",
        "Refunds": "refunded_minor",
        "Disputes": "disputed_minor",
        "Fees": "fee_minor",
        "Net": "net_minor",
    }
    yield from ("", of.currency.upper(), f"  {'Orders':<12}{sums.orders}")
    for name, of_sums in amounts.items():
        unknown = UNKNOWN.get(of.fees) if of_sums in BOOKED else None
        yield f"  {name:<12}{unknown or money.format_money(getattr(sums, of_sums), of.currency)}"
    if sums.unbooked:
        yield f"  {'Not yet':<12}the fee of {sums.unbooked} orders: Stripe has not told it"
    for facet, title in SPLITS.items():
        for part in of.parts[facet]:
            yield f"  {title:<12}{part.name}: {part.orders}, {money.format_money(part.paid_minor, of.currency)}"
