"""What a session costs: subtotal, discount, how the discount falls on the lines, and then tax."""

from decimal import Decimal
from itertools import accumulate, pairwise

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.api.members import hash_of
from storefront.devtools.sandbox.money import display, maximum, minimum_charge, rounded
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


def discount_for(coupon: Json, subtotal: int, currency: str, options: Json | None = None) -> int:
    """Return what the coupon takes off lines that cost `subtotal`; `options`: its amounts in more currencies."""
    if coupon["amount_off"] is not None:
        amount = coupon["amount_off"] if options is None else _amount_in(coupon, currency, options)
        return min(int(amount or 0), subtotal)
    share = Decimal(subtotal) * Decimal(str(coupon["percent_off"])) / 100
    return min(rounded(share, currency), subtotal)


def discount_on(coupon: Record, subtotal: int, currency: str) -> int:
    return discount_for(coupon.body, subtotal, currency, hash_of(coupon.private, "currency_options"))


def has_amount_in(coupon: Record, currency: str) -> bool:
    """Tell whether a coupon of a fixed amount has one in this currency."""
    return _amount_in(coupon.body, currency, hash_of(coupon.private, "currency_options")) is not None


def _amount_in(coupon: Json, currency: str, options: Json) -> int | None:
    if coupon["currency"] == currency:
        return int(coupon["amount_off"])
    return int(options[currency]["amount_off"]) if currency in options else None


def covered_subtotals(work: UnitOfWork, session: Record, coupon: Record) -> list[int]:
    """Return what each line costs, 0 where the coupon is for other products."""
    products = coupon.private.get("products")
    return [
        line["subtotal"]
        if not products or work.records.get("price", line["price"]).body["product"] in products
        else 0
        for line in session.private["lines"]
    ]


def spread(discount: int, subtotals: list[int], currency: str) -> list[int]:
    """Return shares that add up to the discount exactly: each is rounded from the running sum."""
    bounds = [_share_up_to(running, sum(subtotals), discount, currency) for running in accumulate(subtotals)]
    return [upper - lower for lower, upper in pairwise([0, *bounds])]


def _share_up_to(running: int, total: int, discount: int, currency: str) -> int:
    """Return how much of the discount falls on the lines so far; `running` is what they cost."""
    if running == total:
        return discount  # also where there is nothing to share
    return min(rounded(Decimal(discount) * running / total, currency), discount)


def _add_subtotals(work: UnitOfWork, lines: list[Json]) -> int:
    for line in lines:
        price = work.records.get("price", line["price"]).body
        line["subtotal"] = line_subtotal(price, line, line["quantity"])
    return sum(line["subtotal"] for line in lines)


def compute(work: UnitOfWork, session: Record) -> None:
    """Write the totals of lines and session anew from lines, prices and the coupon in use."""
    body, private = session.body, session.private
    currency = body["currency"]
    subtotal = _add_subtotals(work, private["lines"])
    covered, discount = _session_discount(work, session)
    for line, share in zip(private["lines"], spread(discount, covered, currency), strict=True):
        line["discount"] = share
    body["amount_subtotal"] = subtotal
    add_taxes(work, session)
    body["amount_total"] = subtotal - discount + sum(line["tax_on_top"] for line in private["lines"])
    body["total_details"] = {
        "amount_discount": discount,
        "amount_shipping": 0,
        "amount_tax": sum(line["tax"] for line in private["lines"]),
    }


def _session_discount(work: UnitOfWork, session: Record) -> tuple[list[int], int]:
    """Return what each line costs that is discounted, and what comes off all of them together."""
    if session.private["coupon"] is None:
        return [0 for _line in session.private["lines"]], 0
    coupon = work.records.get("coupon", session.private["coupon"])
    covered = covered_subtotals(work, session, coupon)
    return covered, discount_on(coupon, sum(covered), session.body["currency"])


def require_chargeable(session: Record) -> None:
    """Refuse a total that is neither nothing nor between the currency's minimum and the most of one payment."""
    currency, total = session.body["currency"], session.body["amount_total"]
    least, most = minimum_charge(currency), maximum(currency)
    if 0 < total < least:
        raise _refused(f"must add up to at least {display(least, currency)}", "amount_too_small")
    if total > most:
        raise _refused(f"must be no more than {display(most, currency)}", "amount_too_large")


def _refused(what: str, code: str) -> StripeApiError:
    return StripeApiError(400, f"The Checkout Session's total amount due {what}", code=code)
