"""What was sold to buyers in the EU in a quarter, by country and rate, as the one-stop-shop return asks for it.

Only what Stripe Tax worked out and the shop kept. Amounts are in the currency that Stripe booked, at its exchange
rate. What was refunded of an earlier quarter is a correction of that quarter. Disputes change no tax here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from storefront.core.days import day_of
from storefront.core.money import digits
from storefront.owner.accounting.movements import Movement, read_movements
from storefront.owner.accounting.orders import Sold
from storefront.owner.accounting.periods import Quarter, quarter_of, time_of
from storefront.owner.accounting.rows import Amount, Cell
from storefront.owner.accounting.taxes import TaxPart

EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 - a table reads better in one line
)
CSV_COLUMNS = ("quarter", "kind", "of_quarter", "country", "rate", "currency", "taxable", "tax")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Key:
    """`of` is the quarter of the sale. `rate` is in percent, -1 where Stripe names none."""

    of: Quarter
    currency: str
    country: str
    rate: Decimal = Decimal(-1)


@dataclass(slots=True, kw_only=True)
class Sum:
    """Exact, in minor units; rounded once, when it is read."""

    taxable: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OssLine:
    """Of a country, a rate (None: Stripe names none) and a currency; `of` is the quarter that it is about."""

    of: Quarter
    country: str
    rate: Decimal | None
    taxable: Amount
    tax: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Oss:
    """`untaxed` was sold to the EU with no tax in it, `reverse_charge` to businesses that owe the tax themselves.

    `unbooked` movements are in none of it: Stripe has not said yet what they are in the account's currency.
    """

    quarter: Quarter
    zone: str
    supplies: tuple[OssLine, ...]
    corrections: tuple[OssLine, ...]
    reverse_charge: tuple[OssLine, ...]
    untaxed: tuple[OssLine, ...]
    unbooked: int


@dataclass(slots=True, kw_only=True)
class _Counting:
    taxed: dict[Key, Sum] = field(default_factory=dict)
    reverse_charge: dict[Key, Sum] = field(default_factory=dict)
    untaxed: dict[Key, Sum] = field(default_factory=dict)
    unbooked: int = 0


def read_oss(quarter: Quarter, zone: ZoneInfo) -> Oss:
    """Read every movement of the quarter once, in bounded memory."""
    counting = _Counting()
    for movement in read_movements(time_of(quarter.span, zone)):
        _count(counting, movement, zone)
    taxed = _lines(counting.taxed)
    return Oss(
        quarter=quarter,
        zone=zone.key,
        supplies=tuple(line for line in taxed if line.of == quarter),
        corrections=tuple(line for line in taxed if line.of != quarter),
        reverse_charge=_lines(counting.reverse_charge),
        untaxed=_lines(counting.untaxed),
        unbooked=counting.unbooked,
    )


def _count(counting: _Counting, movement: Movement, zone: ZoneInfo) -> None:
    sold, total, tax = movement.sold, movement.amount_minor, movement.tax_minor
    if sold is None or total is None or tax is None or not total or not _is_in_eu(sold):
        return
    if movement.booked is None:
        counting.unbooked += 1
        return
    key = Key(
        of=quarter_of(day_of(sold.supplied_at, zone)), currency=movement.booked.currency, country=sold.country
    )
    rate = _rate_of(movement).copy_sign(total)
    for share in movement.refund.shares if movement.refund else sold.shares:
        added = _sum_of(counting, share.tax, key)
        added.taxable += share.net_minor * rate
        added.tax += share.tax_minor * rate


def _sum_of(counting: _Counting, tax: TaxPart | None, key: Key) -> Sum:
    """Return where to count what bears this tax; `key` is of its sale."""
    if tax is None:
        return counting.untaxed.setdefault(key, Sum())
    sums = counting.reverse_charge if tax.is_reverse_charge else counting.taxed
    percentage = Decimal(-1) if tax.percentage is None else tax.percentage
    return sums.setdefault(replace(key, country=tax.country or key.country, rate=percentage), Sum())


def _is_in_eu(sold: Sold) -> bool:
    return sold.country in EU or any(tax.country in EU for tax in sold.taxes)


def _rate_of(movement: Movement) -> Decimal:
    """Return what a minor unit of the order is in minor units of the account."""
    sold, booked = movement.sold, movement.booked
    if sold is None or booked is None or not booked.exchange_rate:
        return Decimal(1)
    return Decimal(booked.exchange_rate).scaleb(digits(booked.currency) - digits(sold.currency))


def _lines(sums: dict[Key, Sum]) -> tuple[OssLine, ...]:
    return tuple(
        OssLine(
            of=key.of,
            country=key.country,
            rate=None if key.rate < 0 else key.rate,
            taxable=_rounded(added.taxable, key.currency),
            tax=_rounded(added.tax, key.currency),
        )
        for key, added in sorted(sums.items())
    )


def _rounded(exact: Decimal, currency: str) -> Amount:
    return Amount(minor=int(exact.quantize(Decimal(1), ROUND_HALF_UP)), currency=currency)


def oss_cells(oss: Oss) -> Iterator[Iterable[Cell]]:
    """Yield the rows of a file with `CSV_COLUMNS`."""
    for kind in ("supplies", "corrections", "reverse_charge", "untaxed"):
        for line in getattr(oss, kind):
            yield (
                str(oss.quarter),
                kind,
                str(line.of),
                line.country,
                line.rate,
                line.taxable.currency,
                line.taxable,
                line.tax,
            )
