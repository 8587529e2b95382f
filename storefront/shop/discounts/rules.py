"""What a discount takes off an order, and why it does not: pure, and counted as Stripe counts.

Stripe's Session is what is charged. This is for showing the price before there is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from storefront.core.money import smallest_step
from storefront.shop.catalog.amounts import LEAST_MINOR

WHOLE = 10_000  # hundredths of a percent


class Why(StrEnum):
    """Why a code takes nothing off. The first that is true is said."""

    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    ENDED = "ended"
    USED_UP = "used_up"
    CHOSEN_AMOUNT = "chosen_amount"
    OTHER_PRODUCTS = "other_products"
    OTHER_CURRENCY = "other_currency"
    BELOW_MINIMUM = "below_minimum"
    TOO_LITTLE_LEFT = "too_little_left"
    NOT_FIRST = "not_first"
    REFUSED = "refused"  # by Stripe, for a reason of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A discount as it was read; `uses` are the orders so far. Amounts are minor units by currency."""

    id: int
    code: str
    percent_hundredths: int | None
    amounts: Mapping[str, int]
    product_ids: tuple[int, ...]
    minimums: Mapping[str, int]
    is_first_purchase: bool
    is_automatic: bool
    most_uses: int | None
    starts_at: datetime
    ends_at: datetime | None
    stopped_at: datetime | None
    uses: int
    is_off_at_stripe: bool = False  # somebody switched its code off there
    is_used_up_at_stripe: bool = False  # by its count, which may be ahead of ours

    @property
    def has_code(self) -> bool:
        """Tell whether buyers may type it in Stripe's form."""
        return not (self.is_first_purchase or self.is_automatic)

    def covers(self, product_id: int) -> bool:
        return not self.product_ids or product_id in self.product_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line of an order costs, for all of its quantity. `is_chosen`: the buyer says how much."""

    product_id: int
    amount_minor: int
    is_chosen: bool


def find_time_trouble(terms: Terms, now: datetime) -> Why | None:
    """Return why nobody can use it at this moment."""
    if terms.stopped_at is not None or (terms.ends_at is not None and terms.ends_at <= now):
        return Why.ENDED
    if terms.starts_at > now:
        return Why.NOT_YET
    return Why.USED_UP if terms.most_uses is not None and terms.uses >= terms.most_uses else None


def find_use_trouble(terms: Terms, now: datetime) -> Why | None:
    """Return why no buyer can use it at this moment, also for what was done at Stripe."""
    why = find_time_trouble(terms, now) or (Why.ENDED if terms.is_off_at_stripe else None)
    return why or (Why.USED_UP if terms.is_used_up_at_stripe else None)


def find_trouble(terms: Terms, lines: Sequence[Line], currency: str, now: datetime) -> Why | None:
    """Return why it takes nothing off this order; None where it does."""
    total = sum(line.amount_minor for line in lines)
    covered = [line for line in lines if terms.covers(line.product_id) and line.amount_minor]
    return find_use_trouble(terms, now) or (
        _find_misfit(terms, lines, covered, currency) or _find_amount_trouble(terms, total, covered, currency)
    )


def _find_misfit(terms: Terms, lines: Sequence[Line], covered: list[Line], currency: str) -> Why | None:
    if any(line.is_chosen for line in lines):
        return Why.CHOSEN_AMOUNT
    if not covered:
        return Why.OTHER_PRODUCTS
    has_amount = terms.percent_hundredths is not None or currency in terms.amounts
    has_minimum = not terms.minimums or currency in terms.minimums
    return None if has_amount and has_minimum else Why.OTHER_CURRENCY


def _find_amount_trouble(terms: Terms, total: int, covered: list[Line], currency: str) -> Why | None:
    if total < terms.minimums.get(currency, 0):
        return Why.BELOW_MINIMUM
    left = total - amount_off(terms, sum(line.amount_minor for line in covered), currency)
    return Why.TOO_LITTLE_LEFT if 0 < left < LEAST_MINOR.get(currency, 1) else None


def discount_on(terms: Terms, lines: Sequence[Line], currency: str) -> int:
    """Return what comes off lines that it fits, in minor units."""
    return amount_off(terms, sum(line.amount_minor for line in lines if terms.covers(line.product_id)), currency)


def amount_off(terms: Terms, covered_minor: int, currency: str) -> int:
    """Return what comes off what is covered: a percentage of its sum, rounded half up once, or the amount.

    Never more than what is covered. In currencies that are paid in steps it is rounded to a step.
    """
    if terms.percent_hundredths is None:
        return min(terms.amounts.get(currency, 0), covered_minor)
    return take_percent(terms.percent_hundredths, covered_minor, currency)


def take_percent(percent_hundredths: int, covered_minor: int, currency: str) -> int:
    step = smallest_step(currency)
    share = Decimal(covered_minor) * percent_hundredths / WHOLE
    return min(int((share / step).quantize(Decimal(1), ROUND_HALF_UP)) * step, covered_minor)
