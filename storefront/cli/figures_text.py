"""Figures on a terminal, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from storefront.core import money
from storefront.owner.figures.read import Figures, OfCurrency
from storefront.owner.figures.sums import Facet, Fees

UNKNOWN = {
    Fees.NOT_YET: "not yet known",
    Fees.ELSEWHERE: "booked in another currency: see there",
}
IS_KNOWN = (Fees.KNOWN, Fees.PARTLY)
SPLITS = {
    Facet.PRODUCT: "Products",
    Facet.EDITION: "Editions",
    Facet.COUNTRY: "Countries",
    Facet.CODE: "Codes",
    Facet.REFERRER: "Referrers",
}


def figures_to_json(figures: Figures) -> dict[str, Any]:
    """Return amounts in minor units, None for a fee that is not known; `days` leaves out those without sales."""
    return {
        "first": figures.span.first.isoformat(),
        "last": figures.span.last.isoformat(),
        "zone": figures.zone,
        "as_of": figures.as_of.isoformat(),
        "currencies": [_currency_to_json(of) for of in figures.currencies],
    }


def _currency_to_json(of: OfCurrency) -> dict[str, Any]:
    days = [{"day": day.isoformat(), **asdict(sums)} for day, sums in of.days if any(asdict(sums).values())]
    parts = {facet.value: [asdict(part) for part in parts] for facet, parts in of.parts.items()}
    known = {} if of.sums.fees in IS_KNOWN else {"fee_minor": None, "net_minor": None}
    sums = {"gross_minor": of.sums.gross_minor, **asdict(of.sums), **known}
    return {"currency": of.currency, **sums, "days": days} | parts


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
        "Gross": sums.gross_minor,
        "Discounts": sums.discount_minor,
        "Tax in it": sums.tax_minor,
        "Refunds": sums.refunded_minor,
        "Disputes": sums.disputed_minor,
    }
    yield from ("", of.currency.upper(), f"  {'Orders':<12}{sums.orders}")
    for name, minor in amounts.items():
        yield f"  {name:<12}{money.format_money(minor, of.currency)}"
    for name, minor in {"Fees": sums.fee_minor, "Net": sums.net_minor}.items():
        yield f"  {name:<12}{UNKNOWN.get(sums.fees) or money.format_money(minor, of.currency)}"
    if sums.unbooked:
        yield f"  {'Not yet':<12}the fee of {sums.unbooked} orders: Stripe has not told it"
    for facet, title in SPLITS.items():
        for part in of.parts[facet]:
            yield f"  {title:<12}{part.name}: {part.orders}, {money.format_money(part.paid_minor, of.currency)}"
