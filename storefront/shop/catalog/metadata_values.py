"""Ids and moments of rows in our metadata at Stripe, read back: others may have written there, too."""

from contextlib import suppress
from datetime import datetime

LONGEST_ID = 9  # digits that every engine's integers hold


def read_id(written: str) -> int:
    """Return 0, which is no row's id, where there is no number that fits one."""
    is_number = written.isascii() and written.isdigit() and len(written) <= LONGEST_ID
    return int(written) if is_number else 0


def read_moment(written: str) -> datetime | None:
    """Return None where there is no moment with its time zone."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(written)
        return moment if moment.tzinfo is not None else None
    return None
