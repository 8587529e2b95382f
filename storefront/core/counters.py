"""Request limits counted in this process: the storage behind `LIMITS_URL=memory://`.

The library's own looks through every client a hundred times a second, as long as requests come: with a minute's
clients of a license server that takes a third of the processor.
"""

from threading import Lock
from typing import Any

from limits.storage import Storage

from storefront.core import clock

URI = "counters://"
SWEEP_AT_LEAST = 1024


class Counters(Storage):
    """Fixed windows only. Ended ones are swept out once as many requests have come as there are counters."""

    STORAGE_SCHEME = ["counters"]  # noqa: RUF012 - the library's own way to name one

    def __init__(self, uri: str = URI, wrap_exceptions: bool = False, **_: Any) -> None:  # noqa: ANN401 - as in the library
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._lock = Lock()
        self._counts: dict[str, tuple[int, float]] = {}  # with the moment a window ends
        self._until_sweep = SWEEP_AT_LEAST

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = clock.now().timestamp()
        with self._lock:
            count, ends = self._counts.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + expiry
            self._counts[key] = (count + amount, ends)
            self._until_sweep -= 1
            if not self._until_sweep:
                self._counts = {known: kept for known, kept in self._counts.items() if kept[1] > now}
                self._until_sweep = max(SWEEP_AT_LEAST, len(self._counts))
        return count + amount

    def get(self, key: str) -> int:
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > clock.now().timestamp() else 0

    def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, clock.now().timestamp()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._lock:
            count = len(self._counts)
            self._counts = {}
        return count

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)
