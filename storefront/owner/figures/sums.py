"""Sums of a time, which can be added: what was sold, given back, and booked by Stripe."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from sqlalchemy import RowMapping


class Facet(StrEnum):
    """What sums are split by. `all` is everything."""

    ALL = "all"
    PRODUCT = "product"
    EDITION = "edition"
    COUNTRY = "country"
    CODE = "code"
    REFERRER = "referrer"


class Fees(StrEnum):
    """Whether it is known what Stripe booked: an unknown fee or dispute is never shown as nothing."""

    KNOWN = "known"
    PARTLY = "partly"
    NOT_YET = "not_yet"
    ELSEWHERE = "elsewhere"  # booked in the currency of the account, which is another


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """`name` is the id of a product or an edition, a country, a code or a referrer; empty for `all`."""

    day: date
    facet: Facet
    name: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Minor units of one currency, except for `orders` and `unbooked`.

    `paid_minor` is after discounts, with tax. `net_minor` is what Stripe booked for sales, refunds and disputes,
    after its fees. `unbooked` orders were paid, and Stripe has not told its fee yet.
    """

    orders: int = 0
    paid_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    refunded_minor: int = 0
    disputed_minor: int = 0
    fee_minor: int = 0
    net_minor: int = 0
    unbooked: int = 0

    @property
    def gross_minor(self) -> int:
        """Return what was sold before discounts."""
        return self.paid_minor + self.discount_minor

    @property
    def is_booked(self) -> bool:
        return bool(self.fee_minor or self.net_minor)

    @property
    def is_refund_alone(self) -> bool:
        """Tell whether there is a refund, and nothing else that says where Stripe books."""
        return bool(self.refunded_minor) and not (self.paid_minor or self.unbooked or self.is_booked)

    def fees(self, *, is_booked_elsewhere: bool) -> Fees:
        """Tell what is known; `is_booked_elsewhere`: something of this currency was booked in another one.

        It decides of a refund alone, which no order counts as `unbooked`: Stripe may not have booked it yet.
        """
        if self.unbooked:
            return Fees.PARTLY if self.is_booked else Fees.NOT_YET
        if self.is_booked or not (self.paid_minor or self.refunded_minor):
            return Fees.KNOWN
        return Fees.ELSEWHERE if self.paid_minor or is_booked_elsewhere else Fees.NOT_YET

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in NAMES})


NAMES = tuple(field.name for field in fields(Sums))
NOTHING = Sums()


def sums_of_row(row: RowMapping) -> Sums:
    """Read those columns that a row has; sums come as Decimal from PostgreSQL."""
    return Sums(**{name: int(row[name] or 0) for name in NAMES if name in row})


def add_up(sums: Iterable[Sums]) -> Sums:
    return sum(sums, NOTHING)
