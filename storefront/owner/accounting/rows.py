"""Movements as rows of a file: a sale has one for each line of its order, everything else has one.

What Stripe booked for a sale is split over its lines in proportion to what was paid for them, so that each column
of a file adds up.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, time
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from storefront.core.money import digits
from storefront.owner.accounting.movements import SALE, Booked, Movement
from storefront.owner.accounting.orders import Sold
from storefront.owner.accounting.refunds import rate_of
from storefront.owner.accounting.shares import shares
from storefront.owner.accounting.taxes import NO_LINE, Line

Day: TypeAlias = date
Hour: TypeAlias = time


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """In minor units. Its currency says how many decimals it has."""

    minor: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-digits(self.currency))

    @property
    def places(self) -> int:
        return digits(self.currency)


Cell = str | int | Decimal | date | time | Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The fields are the columns of a file, in their order. None is an empty cell, and no zero.

    `gross` is before the discount; `gross - discount = net + tax = total`, in `currency`. `settled`, `fee` and
    `settled_net` are in `settled_currency`.
    """

    date: Day
    time: Hour
    order: str
    invoice: str
    kind: str
    product: str
    edition: str
    quantity: int | None
    currency: str
    gross: Amount | None
    discount: Amount | None
    net: Amount | None
    tax: Amount | None
    total: Amount | None
    rate: Decimal | None
    country: str
    state: str
    tax_ids: str
    reverse_charge: str
    booked: str  # yes, not yet, or free
    settled_currency: str
    settled: Amount | None
    fee: Amount | None
    settled_net: Amount | None
    exchange_rate: Decimal | None
    balance_transaction: str
    source: str
    payout: str
    payout_arrives: Day | None


COLUMNS = tuple(field.name for field in fields(Row))


def cells_of(row: Row) -> Iterator[Cell]:
    for name in COLUMNS:
        yield getattr(row, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one row says of the order's own money; amounts have their sign. None: not known, or not split."""

    line: Line = NO_LINE
    discount_minor: int | None = None
    tax_minor: int | None = None
    total_minor: int | None = None


def rows_of(movement: Movement, zone: ZoneInfo) -> Iterator[Row]:
    parts = _parts(movement)
    weights = [abs(part.total_minor or 0) for part in parts]
    booked = movement.booked
    amounts = shares(booked.amount_minor, weights) if booked else [0] * len(parts)
    fees = shares(booked.fee_minor, weights) if booked else [0] * len(parts)
    for part, amount, fee in zip(parts, amounts, fees, strict=True):
        yield _row(movement, part, zone, amount_minor=amount, fee_minor=fee)


def _parts(movement: Movement) -> list[_Part]:
    sold = movement.sold
    if sold is None or movement.amount_minor is None:
        return [_Part()]
    if movement.kind != SALE:
        has_tax = movement.tax_minor is not None
        return [
            _Part(
                line=movement.refund.line if movement.refund else NO_LINE,
                discount_minor=0 if has_tax else None,
                tax_minor=movement.tax_minor,
                total_minor=movement.amount_minor,
            )
        ]
    return [
        _Part(
            line=line,
            discount_minor=line.discount_minor,
            tax_minor=line.tax_minor,
            total_minor=line.total_minor,
        )
        for line in sold.lines
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _SaleWords:
    """What a row says of its order; of what is no sale it says nothing."""

    order: str = ""
    invoice: str = ""
    country: str = ""
    state: str = ""
    tax_ids: str = ""
    reverse_charge: str = ""


def _sale_words(sold: Sold | None) -> _SaleWords:
    if sold is None:
        return _SaleWords()
    return _SaleWords(
        order=sold.number,
        invoice=sold.invoice_number,
        country=sold.country,
        state=sold.state,
        tax_ids=sold.tax_ids,
        reverse_charge="yes" if sold.is_reverse_charge else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _BookedWords:
    """What a row says of what Stripe booked; of what it has not it says nothing."""

    currency: str = ""
    exchange_rate: Decimal | None = None
    balance_transaction: str = ""
    payout: str = ""
    payout_arrives: date | None = None


def _booked_words(booked: Booked | None) -> _BookedWords:
    if booked is None:
        return _BookedWords()
    return _BookedWords(
        currency=booked.currency,
        exchange_rate=Decimal(booked.exchange_rate) if booked.exchange_rate else None,
        balance_transaction=booked.id,
        payout=booked.payout_id,
        payout_arrives=_arrival(booked),
    )


def _row(movement: Movement, part: _Part, zone: ZoneInfo, *, amount_minor: int, fee_minor: int) -> Row:
    sold, booked, at = movement.sold, movement.booked, movement.at.astimezone(zone)
    currency = sold.currency if sold and part.total_minor is not None else ""
    settled_in = _booked_words(booked)

    def own(minor: int | None) -> Amount | None:
        return None if minor is None else Amount(minor=minor, currency=currency)

    def settled(minor: int) -> Amount | None:
        return Amount(minor=minor, currency=settled_in.currency) if booked else None

    total, tax, discount = part.total_minor, part.tax_minor, part.discount_minor
    words = _sale_words(sold)
    return Row(
        date=at.date(),
        time=at.time().replace(microsecond=0),
        order=words.order,
        invoice=words.invoice,
        kind=movement.kind,
        product=part.line.product,
        edition=part.line.edition,
        quantity=part.line.quantity or None,
        currency=currency,
        gross=own(_sum(total, discount)),
        discount=own(discount),
        net=own(_sum(total, None if tax is None else -tax)),
        tax=own(tax),
        total=own(total),
        rate=_rate(movement, total, tax),
        country=words.country,
        state=words.state,
        tax_ids=words.tax_ids,
        reverse_charge=words.reverse_charge,
        booked=_booked_word(movement),
        settled_currency=settled_in.currency,
        settled=settled(amount_minor),
        fee=settled(fee_minor),
        settled_net=settled(amount_minor - fee_minor),
        exchange_rate=settled_in.exchange_rate,
        balance_transaction=settled_in.balance_transaction,
        source=movement.source_id,
        payout=settled_in.payout,
        payout_arrives=settled_in.payout_arrives,
    )


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


def _rate(movement: Movement, total: int | None, tax: int | None) -> Decimal | None:
    if movement.refund is not None:
        return rate_of(movement.refund)
    if movement.sold is None or total is None or not tax:
        return None
    return movement.sold.rate_of(total - tax, tax)


def _booked_word(movement: Movement) -> str:
    if movement.booked is not None:
        return "yes"
    return "not yet" if movement.amount_minor else "free"


def _arrival(booked: Booked) -> date | None:
    """Return the day: Stripe gives midnight in UTC, which is another day west of Greenwich."""
    return booked.arrives_at.date() if booked.arrives_at else None
