"""What an order's downloads include, and for how long and how often: pure rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)  # one download, however many requests a program makes of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Of one grant: `limit` times each file, until `ends_at`. None is no limit, and never."""

    limit: int | None
    ends_at: datetime | None


def allowance(
    *,
    limit: int | None,
    days: int | None,
    bought_at: datetime,
    extra_downloads: int,
    extra_days: int,
) -> Allowance:
    """The product's limits, with what the owner or a resend added for this order."""
    return Allowance(
        limit=None if limit is None else limit + extra_downloads,
        ends_at=None if days is None else bought_at + timedelta(days=days + extra_days),
    )


def is_included(published_at: datetime | None, *, bought_at: datetime, update_days: int | None) -> bool:
    """A release that came out after the update window belongs to those who buy it anew."""
    if published_at is None or update_days is None:
        return published_at is not None
    return published_at <= bought_at + timedelta(days=update_days)
