"""The one door to the wall clock: aware UTC datetimes only."""

from datetime import UTC, datetime, timedelta

# Clocks of several hosts differ by less. What was written later than this from now comes from a clock that was
# wrong and has been put back since: nobody waits for that moment.
AHEAD = timedelta(minutes=15)


def now() -> datetime:
    return datetime.now(UTC)


def is_ahead(when: datetime, by: datetime | None = None) -> bool:
    """Tell whether a moment that has been, by what is written, is still to come."""
    return when > (by or now()) + AHEAD


def iso(when: datetime | None) -> str | None:
    """Return a moment in ISO 8601, as programs read it; None for none."""
    return when.isoformat() if when else None


def from_unix(seconds: int) -> datetime:
    """Return a Stripe timestamp (Unix seconds) as an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)
