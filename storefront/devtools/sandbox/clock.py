"""The sandbox's time: the machine's, moved by `clock_offset_seconds`. Deliveries and signatures use real time."""

import time
from collections.abc import Mapping

from storefront.devtools.sandbox.settings import Settings


def now(settings: Settings) -> float:
    """Return Unix seconds."""
    return time.time() + settings.clock_offset_seconds


def moved_offset(settings: Settings, given: Mapping[str, object]) -> int:
    """Return the new offset, from one of `advance_seconds`, `offset_seconds` and `now`, in whole seconds.

    Raises:
        ValueError: none, several, or no number.
    """
    moves = {name: value for name, value in given.items() if value is not None}
    name, seconds = moves.popitem() if len(moves) == 1 else ("", None)
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise ValueError("give one of advance_seconds, offset_seconds and now, in whole seconds")  # noqa: TRY004 - one error type for a wrong body
    starts = {
        "advance_seconds": settings.clock_offset_seconds,
        "offset_seconds": 0,
        "now": -int(time.time()),
    }
    return starts[name] + seconds
