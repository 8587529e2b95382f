"""How many days rows are kept that only grow, and where they are written before they go.

Each has a floor: what is younger is still needed.
"""

from dataclasses import dataclass
from pathlib import Path

from storefront.core.config.reader import Reader

LONGEST_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepDays:
    """Of what, in days; `storefront/owner/retention/rules.py` says what becomes of it."""

    events: int
    emails: int
    downloads: int
    checkouts: int
    refusals: int


def read_keep_days(reader: Reader) -> KeepDays:
    """Stripe sends an event of up to 30 days again, reopens a checkout as long, and cards are disputed for 120."""

    def days(what: str, default: int, low: int) -> int:
        return reader.integer(f"KEEP_{what}_DAYS", default, low=low, high=LONGEST_DAYS)

    return KeepDays(
        events=days("EVENTS", 400, 60),
        emails=days("EMAILS", 730, 180),
        downloads=days("DOWNLOADS", 730, 180),
        checkouts=days("CHECKOUTS", 90, 60),
        refusals=days("REFUSALS", 90, 30),
    )


def read_archive_dir(reader: Reader) -> Path | None:
    """Return a folder. It is not looked at: a disk that is away must not keep a shop from starting."""
    raw = reader.optional("ARCHIVE_DIR")
    if raw is None or Path(raw).is_absolute():
        return Path(raw) if raw else None
    reader.problems.append(f"ARCHIVE_DIR={raw} must be the absolute path of a folder, such as /srv/archive.")
    return None
