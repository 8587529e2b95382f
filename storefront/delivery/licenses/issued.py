"""A license as an order's contents have it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedLicense:
    """`key` is None where access is denied. No limit, no seats and no end are None, too.

    `generation` is 1, and one more for each other key that the license was given. `edition` is what it was
    upgraded to, None where it was not; `label` what whoever has it calls it.
    """

    id: int
    key: str | None
    activation_limit: int | None
    seats: int | None
    expires_at: datetime | None
    withdrawn_at: datetime | None  # by the owner: this key alone
    generation: int
    label: str | None
    edition: str | None = None
