"""What an order's downloads include, for how long and how often, and how long their addresses live: pure rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
LEAST = timedelta(minutes=10)
MOST = timedelta(hours=24)
SLOWEST_BYTES_PER_SECOND = 100_000  # a bigger file needs longer, also to be resumed


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one grant allows: `limit` times each file, until `ends_at`. None is no limit, and never."""

    limit: int | None
    ends_at: datetime | None

    def has_room(self, used: int) -> bool:
        return self.limit is None or used < self.limit

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


def allowance(
    *,
    limit: int | None,
    days: int | None,
    bought_at: datetime,
    extra_downloads: int,
    extra_days: int,
) -> Allowance:
    """Return the limits that were sold, with what the owner or a resend added for this order."""
    return Allowance(
        limit=None if limit is None else limit + extra_downloads,
        ends_at=None if days is None else bought_at + timedelta(days=days + extra_days),
    )


def is_included(published_at: datetime | None, *, bought_at: datetime, update_days: int | None) -> bool:
    """Return whether a sale includes a release: one after the update window belongs to those who buy it anew."""
    if published_at is None or update_days is None:
        return published_at is not None
    return published_at <= bought_at + timedelta(days=update_days)


def link_lifetime(size_bytes: int) -> timedelta:
    """Return the life of the short-lived address that a click makes: the file fits into it on a slow line."""
    return min(MOST, LEAST + timedelta(seconds=size_bytes / SLOWEST_BYTES_PER_SECOND))


def counting_window(size_bytes: int) -> timedelta:
    """One download, however many requests a program makes of it. Never shorter than its address lives: who
    resumes there has paid for it already.
    """
    return max(HOUR, link_lifetime(size_bytes))


def presigned_lifetime(size_bytes: int) -> timedelta:
    """Return the life of an address at a bucket, which no refund can take back.

    It is short, because only the start of a request is checked there.
    Who resumes later comes to the shop again, whose own address lives longer.
    """
    return min(HOUR, link_lifetime(size_bytes))
