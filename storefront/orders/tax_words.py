"""What a receipt says of tax: words and amounts from what Stripe computed, never from a rate of ours."""

from dataclasses import dataclass
from typing import Any

from storefront.core.money import smallest_step
from storefront.core.texts import marked
from storefront.orders.models import Order

REVERSE_CHARGE = "reverse_charge"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLine:
    """`label` names the tax, its rate and its country; `rate` is like `19%`, empty where Stripe names none.

    Amounts are in minor units; `taxable_minor` is what the tax was computed of, None where Stripe did not say.
    """

    label: str
    amount_minor: int
    rate: str = ""
    percentage: float | None = None
    taxable_minor: int | None = None

    def fits(self, net_minor: int, tax_minor: int, step_minor: int) -> bool:
        """Tell whether this rate makes this tax, but for rounding to steps of the currency."""
        return self.percentage is not None and abs(net_minor * self.percentage / 100 - tax_minor) <= step_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxWords:
    """`net_minor` is the total without tax; `reverse_charge` a sentence, empty where the seller owes the tax.

    `step_minor`: what taxes in this currency are rounded to.
    """

    lines: tuple[TaxLine, ...] = ()
    net_minor: int = 0
    step_minor: int = 1
    reverse_charge: str = ""
    tax_ids: tuple[str, ...] = ()

    def rate_of(self, net_minor: int, tax_minor: int) -> str:
        """Return which of Stripe's rates makes this tax of this net amount; empty where none or several do.

        Taxes of one line that add up (of a state and its county) stand below the lines, each by itself.
        """
        fitting = [line.rate for line in self.lines if line.fits(net_minor, tax_minor, self.step_minor)]
        return fitting[0] if tax_minor and len(set(fitting)) == 1 else ""


NO_TAXES = TaxWords()


def tax_words(order: Order) -> TaxWords:
    lines = tuple(_line(tax) for tax in order.taxes if tax["amount_minor"])
    if not lines and order.tax_minor:  # of a shop of before, or where Stripe did not say which
        lines = (TaxLine(label=marked("Tax"), amount_minor=order.tax_minor),)
    tax_ids = tuple(f"{_type_words(tax_id)} {tax_id.get('value')}" for tax_id in order.tax_ids)
    return TaxWords(
        lines=lines,
        net_minor=order.total_minor - order.tax_minor,
        step_minor=smallest_step(order.currency),
        reverse_charge=_reverse_charge(order),
        tax_ids=tax_ids,
    )


def _where(tax: dict[str, Any]) -> str:
    where = "-".join(part for part in (tax.get("country"), tax.get("state")) if part)
    return f" ({where})" if where else ""


def _line(tax: dict[str, Any]) -> TaxLine:
    rate = f" {tax['percentage']:g}%" if tax.get("percentage") else ""
    label = f"{tax['name']}{rate}{_where(tax)}"
    return TaxLine(
        label=marked("%(tax)s, included", tax=label) if tax["inclusive"] else label,
        amount_minor=tax["amount_minor"],
        rate=rate.strip(),
        percentage=tax.get("percentage"),
        taxable_minor=tax.get("taxable_minor"),
    )


def _type_words(tax_id: dict[str, Any]) -> str:
    """Return `EU VAT` of `eu_vat`."""
    return str(tax_id.get("type", "")).replace("_", " ").upper()


def is_reverse_charge(order: Order) -> bool:
    return any(tax.get("reason") == REVERSE_CHARGE for tax in order.taxes)


def _reverse_charge(order: Order) -> str:
    if not is_reverse_charge(order):
        return ""
    return marked("Reverse charge: the buyer accounts for the VAT.")
