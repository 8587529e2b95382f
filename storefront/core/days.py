"""Days of a time zone as spans of UTC: a day with a change of the clock has 23 or 25 hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`ends_at` is the first moment of the next day."""

    day: date
    starts_at: datetime
    ends_at: datetime


def find_zone(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name, such as `Europe/Berlin`; None for a name that is none. Empty is UTC."""
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, LookupError):  # no such file, a path, a folder, an encoding
        return None


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return the moment there; as it is in UTC where that zone has it before or after the calendar."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)


def day_of(moment: datetime, zone: tzinfo) -> date:
    return in_zone(moment, zone).date()


def bounds_of(day: date, zone: ZoneInfo) -> Day:
    """Of the very first and last day of the calendar it is what UTC has of them."""
    ends_at = LAST if day == date.max else _midnight(day + timedelta(days=1), zone)
    return Day(day=day, starts_at=_midnight(day, zone), ends_at=ends_at)


def find_whole_day(end: datetime, zone: ZoneInfo) -> date | None:
    """Return the day that is over at this moment; None where the moment is in the middle of one."""
    if end == FIRST:
        return None
    day = day_of(end - timedelta(microseconds=1), zone)
    return day if bounds_of(day, zone).ends_at == end else None


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day, both ends included; none where the last is before the first."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    except OverflowError:  # it begins in the year 0
        return FIRST
