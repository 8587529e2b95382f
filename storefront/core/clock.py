"""The one door to the wall clock: aware UTC datetimes only."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def from_unix(seconds: int) -> datetime:
    """Return a Stripe timestamp (Unix seconds) as an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)
