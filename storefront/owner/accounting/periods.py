"""The times that an accountant asks for: days, both included, and quarters of a year, in the shop's zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from storefront.core.days import bounds_of
from storefront.core.errors import StorefrontError
from storefront.owner.figures.spans import Span, read_span

TYPED = re.compile(r"(20\d\d)-?Q([1-4])", re.ASCII)


class QuarterRefused(StorefrontError):
    code = "quarter_refused"
    status = 400
    title = "There is no such quarter"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Quarter:
    """`number` is 1 to 4."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def span(self) -> Span:
        following = date(self.year + self.number // 4, self.number % 4 * 3 + 1, 1)
        return Span(first=date(self.year, self.number * 3 - 2, 1), last=following - timedelta(days=1))


def quarter_of(day: date) -> Quarter:
    return Quarter(year=day.year, number=(day.month + 2) // 3)


def read_quarter(typed: str, *, today: date) -> Quarter:
    """Read a quarter like `2026-Q4`; nothing at all is the last one that is over.

    Raises:
        QuarterRefused: with a sentence that says what to write.
    """
    if not typed.strip():
        return quarter_of(quarter_of(today).span.first - timedelta(days=1))
    match = TYPED.fullmatch(typed.strip().upper())
    if match is None:
        raise QuarterRefused("Write a quarter like 2026-Q4.")
    return Quarter(year=int(match[1]), number=int(match[2]))


def read_days(first: str, last: str, *, today: date) -> Span:
    """Read two days, or one for both; nothing at all is the last month. Raises SpanRefused."""
    if first.strip() or last.strip():
        return read_span("", first.strip(), last.strip(), today=today)
    end = today.replace(day=1) - timedelta(days=1)
    return Span(first=end.replace(day=1), last=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """`ends_at` is the first moment after it."""

    starts_at: datetime
    ends_at: datetime


def time_of(span: Span, zone: ZoneInfo) -> Time:
    return Time(starts_at=bounds_of(span.first, zone).starts_at, ends_at=bounds_of(span.last, zone).ends_at)
