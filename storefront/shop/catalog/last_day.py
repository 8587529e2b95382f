"""The last day on which something that is sold works."""

from datetime import UTC, datetime


def end_of_day(day: str) -> datetime:
    """Return the last second of a day (UTC), written like 2027-12-31: it counts as a whole.

    Raises:
        ValueError: it is no day.
    """
    return datetime.strptime(day, "%Y-%m-%d").replace(hour=23, minute=59, second=59, tzinfo=UTC)
