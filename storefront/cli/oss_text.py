"""The one-stop-shop report on a terminal, and as JSON."""

from collections.abc import Iterator
from typing import Any

from storefront.core.money import format_money
from storefront.owner.accounting.oss import Oss, OssLine

PARTS = {
    "supplies": "Sold in this quarter, less what was refunded of it in it",
    "corrections": "Corrections of earlier quarters",
    "reverse_charge": "Reverse charge, not for this return",
    "untaxed": "Sold to the EU without tax",
}


def oss_to_json(oss: Oss) -> dict[str, Any]:
    """Return amounts in minor units of the currency beside them."""
    parts = {name: [_to_json(line) for line in getattr(oss, name)] for name in PARTS}
    return {"quarter": str(oss.quarter), "zone": oss.zone, "unbooked": oss.unbooked} | parts


def _to_json(line: OssLine) -> dict[str, Any]:
    return {
        "of_quarter": str(line.of),
        "country": line.country,
        "rate": None if line.rate is None else str(line.rate),
        "currency": line.taxable.currency,
        "taxable_minor": line.taxable.minor,
        "tax_minor": line.tax.minor,
    }


def oss_lines(oss: Oss) -> Iterator[str]:
    yield f"{oss.quarter}, days in {oss.zone}. No tax advice: what Stripe Tax worked out, at Stripe's rates."
    for name, title in PARTS.items():
        lines = getattr(oss, name)
        if lines:
            yield title
            yield from map(_line, lines)
    if oss.unbooked:
        yield f"Not booked yet, and in none of this: {oss.unbooked}"


def _line(line: OssLine) -> str:
    rate = "-" if line.rate is None else f"{line.rate}%"
    taxable, tax = (format_money(amount.minor, amount.currency) for amount in (line.taxable, line.tax))
    return f"  {line.of}  {line.country}  {rate:>6}  taxable {taxable}, tax {tax}"
