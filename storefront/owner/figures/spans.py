"""The times that figures are asked for: today, 7 and 30 days, this month and year, or days of one's own."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from storefront.core.errors import StorefrontError

LONGEST_DAYS = 1100  # three years


class Named(StrEnum):
    TODAY = "today"
    WEEK = "7"
    DAYS = "30"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Both days included; `named` is None for days of one's own."""

    first: date
    last: date
    named: Named | None = None

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class SpanRefused(StorefrontError):
    code = "span_refused"
    status = 400
    title = "These days cannot be counted"


def span_of(named: Named, today: date) -> Span:
    firsts = {
        Named.TODAY: today,
        Named.WEEK: today - timedelta(days=6),
        Named.DAYS: today - timedelta(days=29),
        Named.MONTH: today.replace(day=1),
        Named.YEAR: today.replace(month=1, day=1),
    }
    return Span(first=firsts[named], last=today, named=named)


def read_span(named: str, first: str, last: str, *, today: date) -> Span:
    """Read what was typed or followed; nothing at all is 30 days. Days are written like 2026-11-28.

    Raises:
        SpanRefused: with a sentence that says what to write.
    """
    if first or last:
        return _own_days(_day(first or last), _day(last or first))
    try:
        return span_of(Named(named or Named.DAYS), today)
    except ValueError as error:
        raise SpanRefused(f"Choose one of {', '.join(Named)}, or a first and a last day.") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SpanRefused("Write days like 2026-11-28.") from error


def _own_days(first: date, last: date) -> Span:
    if last < first:
        raise SpanRefused("The last day is before the first: swap them.")
    if (last - first).days >= LONGEST_DAYS or not 2000 <= first.year <= last.year <= 2200:
        raise SpanRefused("Choose at most three years.")
    return Span(first=first, last=last)
