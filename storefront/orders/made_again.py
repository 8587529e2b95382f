"""Which refunds that came to nothing were made again: a pure rule, for rows and for what Stripe said alike."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class AnyRefund(Protocol):
    """`items` are the positions that it names; none: only an amount went back."""

    @property
    def id(self) -> str: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def counts(self) -> bool: ...
    @property
    def items(self) -> frozenset[int]: ...
    @property
    def created_at(self) -> datetime: ...


def find_made_again(refunds: Iterable[AnyRefund]) -> set[str]:
    """Return the ids of those that failed and that a later one stands for: as much, for the same items.

    Without items one stands for one: two of the same amount may both have been meant.
    """
    oldest_first = sorted(refunds, key=lambda refund: (refund.created_at, refund.id))
    standing = [refund for refund in oldest_first if refund.counts]
    made_again = set()
    for failed in (refund for refund in oldest_first if not refund.counts):
        later = next((each for each in standing if _stands_for(each, failed)), None)
        if later is not None:
            made_again.add(failed.id)
            _use_up(standing, later)
    return made_again


def _use_up(standing: list[AnyRefund], later: AnyRefund) -> None:
    if not later.items:
        standing.remove(later)


def _stands_for(later: AnyRefund, failed: AnyRefund) -> bool:
    is_enough = later.amount_minor >= failed.amount_minor
    return later.created_at >= failed.created_at and is_enough and later.items == failed.items
