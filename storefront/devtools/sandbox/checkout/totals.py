"""What a session costs: subtotal, discount, how the discount falls on the lines, and then tax."""

from decimal import Decimal
from itertools import accumulate, pairwise

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.money import display, minimum_charge, rounded
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.calculation import add_taxes


def line_subtotal(price: Json, line: Json, quantity: int) -> int:
    """Return the line's price in minor units; a unit price may have decimals, the line is rounded once.

    Of a price whose amount the buyer chooses it is the choice, or nothing so far.
    """
    if price["custom_unit_amount"] is not None:
        return (line["chosen"] or 0) * quantity
    return rounded(Decimal(price["unit_amount_decimal"]) * quantity, price["currency"])


def discount_for(coupon: Json, subtotal: int, currency: str) -> int:
    if coupon["amount_off"] is not None:
        return min(int(coupon["amount_off"]), subtotal)
    share = Decimal(subtotal) * Decimal(str(coupon["percent_off"])) / 100
    return min(rounded(share, currency), subtotal)


def spread(discount: int, subtotals: list[int], currency: str) -> list[int]:
    """Return shares that add up to the discount exactly: each is rounded from the running sum."""
    bounds = [_share_up_to(running, sum(subtotals), discount, currency) for running in accumulate(subtotals)]
    return [upper - lower for lower, upper in pairwise([0, *bounds])]


def _share_up_to(running: int, total: int, discount: int, currency: str) -> int:
    """Return how much of the discount falls on the lines so far; `running` is what they cost."""
    if running == total:
        return discount
    return min(rounded(Decimal(discount) * running / total, currency), discount)


def compute(work: UnitOfWork, session: Record) -> None:
    """Write the totals of lines and session anew from lines, prices and the coupon in use."""
    body, private = session.body, session.private
    currency = body["currency"]
    for line in private["lines"]:
        price = work.records.get("price", line["price"]).body
        line["subtotal"] = line_subtotal(price, line, line["quantity"])
    subtotals = [line["subtotal"] for line in private["lines"]]
    subtotal = sum(subtotals)
    discount = _session_discount(work, session, subtotal)
    for line, share in zip(private["lines"], spread(discount, subtotals, currency), strict=True):
        line["discount"] = share
    body["amount_subtotal"] = subtotal
    add_taxes(work, session)
    body["amount_total"] = subtotal - discount + sum(line["tax_on_top"] for line in private["lines"])
    body["total_details"] = {
        "amount_discount": discount,
        "amount_shipping": 0,
        "amount_tax": sum(line["tax"] for line in private["lines"]),
    }


def _session_discount(work: UnitOfWork, session: Record, subtotal: int) -> int:
    if session.private["coupon"] is None:
        return 0
    coupon = work.records.get("coupon", session.private["coupon"]).body
    return discount_for(coupon, subtotal, session.body["currency"])


def require_chargeable(session: Record) -> None:
    """Refuse a total that is neither nothing nor at least the currency's minimum."""
    currency, total = session.body["currency"], session.body["amount_total"]
    least = minimum_charge(currency)
    if 0 < total < least:
        raise StripeApiError(
            400,
            f"The Checkout Session's total amount due must add up to at least {display(least, currency)}",
            code="amount_too_small",
        )
