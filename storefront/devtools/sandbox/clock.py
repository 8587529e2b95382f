"""The sandbox's time: the machine's, moved by `clock_offset_seconds`. Deliveries and signatures use real time."""

import time
from collections.abc import Mapping

from storefront.devtools.sandbox.json_values import is_whole_number
from storefront.devtools.sandbox.settings import Settings


def now(settings: Settings) -> float:
    """Return Unix seconds."""
    return time.time() + settings.clock_offset_seconds


def moved_offset(settings: Settings, given: Mapping[str, object]) -> int:
    """Return the new offset, from one of `advance_seconds`, `offset_seconds` and `now`, in whole seconds.

    Raises:
        ValueError: none, several, or no number.
    """
    name, seconds = _only_move(given)
    if not is_whole_number(seconds):
        raise ValueError("give one of advance_seconds, offset_seconds and now, in whole seconds")
    starts = {
        "advance_seconds": settings.clock_offset_seconds,
        "offset_seconds": 0,
        "now": -int(time.time()),
    }
    return starts[name] + seconds


def _only_move(given: Mapping[str, object]) -> tuple[str, object]:
    """Return the one member that is given; a name without a value when there are none or several."""
    moves = [(name, value) for name, value in given.items() if value is not None]
    return moves[0] if len(moves) == 1 else ("", None)
