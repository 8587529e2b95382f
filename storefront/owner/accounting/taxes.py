"""The lines and taxes of an order, and what of it bears which tax."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from storefront.owner.accounting.shares import shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An item of an order. `total_minor` is what was paid for it, with its tax."""

    position: int
    product: str
    edition: str
    quantity: int
    discount_minor: int
    tax_minor: int
    total_minor: int


NO_LINE = Line(position=0, product="", edition="", quantity=0, discount_minor=0, tax_minor=0, total_minor=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPart:
    """One tax of an order, as Stripe computed it. None where Stripe did not say."""

    country: str | None
    state: str | None
    percentage: Decimal | None
    amount_minor: int
    taxable_minor: int | None
    is_reverse_charge: bool

    def fits(self, net_minor: int, tax_minor: int, step_minor: int) -> bool:
        """Tell whether this rate makes this tax, but for rounding to steps of the currency."""
        return self.percentage is not None and abs(net_minor * self.percentage / 100 - tax_minor) <= step_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What of an amount bears one of an order's taxes, or none of them."""

    tax: TaxPart | None
    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


def split(taxes: Sequence[TaxPart], *, net_minor: int, tax_minor: int, most_rounded: int) -> tuple[Share, ...]:
    """Return what of an order is of each of its taxes, and of none; up to `most_rounded` comes of rounding."""
    parts = [tax for tax in taxes if tax.amount_minor or tax.is_reverse_charge]
    if not parts:
        return (Share(tax=None, net_minor=net_minor, tax_minor=tax_minor),)
    untaxed = _untaxed(parts, net_minor)
    if untaxed <= most_rounded:
        untaxed = 0
    *nets, rest = shares(net_minor, [*(_taxable(tax, net_minor + tax_minor) for tax in parts), untaxed])
    amounts = shares(tax_minor, [tax.amount_minor for tax in parts])
    found = [
        Share(tax=tax, net_minor=net, tax_minor=amount)
        for tax, net, amount in zip(parts, nets, amounts, strict=True)
    ]
    if untaxed:
        found.append(Share(tax=None, net_minor=rest, tax_minor=0))
    return tuple(found)


def _untaxed(parts: Sequence[TaxPart], net_minor: int) -> int:
    bases = [tax.taxable_minor for tax in parts if tax.taxable_minor is not None and not tax.is_reverse_charge]
    return net_minor - sum(bases) if len(bases) == len(parts) else 0


def _taxable(tax: TaxPart, total_minor: int) -> int:
    if tax.taxable_minor is not None:
        return tax.taxable_minor
    return round(tax.amount_minor * 100 / tax.percentage) if tax.percentage else total_minor
