"""The one door to the wall clock: aware UTC datetimes only."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def iso(when: datetime | None) -> str | None:
    """Return a moment in ISO 8601, as programs read it; None for none."""
    return when.isoformat() if when else None


def from_unix(seconds: int) -> datetime:
    """Return a Stripe timestamp (Unix seconds) as an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)
