"""The sandbox's time: the machine's, moved by `clock_offset_seconds`. Deliveries and signatures use real time."""

import time

from storefront.devtools.sandbox.settings import Settings


def now(settings: Settings) -> float:
    """Unix seconds."""
    return time.time() + settings.clock_offset_seconds


def moved(settings: Settings, *, advance: object, offset: object, at: object) -> int:
    """The new offset, from exactly one of these, each in whole seconds.

    Raises:
        ValueError: none, several, or no number.
    """
    given = [value for value in (advance, offset, at) if value is not None]
    if len(given) != 1 or not isinstance(given[0], int) or isinstance(given[0], bool):
        raise ValueError("give one of advance_seconds, offset_seconds and now, in whole seconds")
    if advance is not None:
        return settings.clock_offset_seconds + given[0]
    return given[0] if offset is not None else given[0] - int(time.time())
