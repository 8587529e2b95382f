"""How many files are sent at once: by this process, and to one buyer of one thing."""

from collections import Counter
from collections.abc import Callable, Iterable
from threading import Lock

from storefront.core.errors import StorefrontError
from storefront.core.runtime import Part
from storefront.core.texts import marked

SLOTS_PER_GRANT = 8  # as many parts as download programs fetch at once


class TooManyDownloads(StorefrontError):
    code = "too_many_downloads"
    status = 503
    title = marked("One moment, please")
    retry_after_seconds = 10


class DownloadSlots:
    """A slow reader holds a thread. One buyer who stalls must not hold them all, so a grant has a few only."""

    def __init__(self, total: int, *, per_grant: int = SLOTS_PER_GRANT) -> None:
        self._free = total
        self._per_grant = per_grant
        self._held: Counter[int] = Counter()
        self._lock = Lock()

    def take(self, grant_ids: Iterable[int]) -> Callable[[], None]:
        """Take one slot, held for all of these grants; returns what gives it back, which may be called twice.

        Raises:
            TooManyDownloads: nothing was taken.
        """
        grants = frozenset(grant_ids)
        with self._lock:
            if not self._free:
                raise TooManyDownloads(
                    marked("Many downloads are running right now. Please try again in a moment.")
                )
            if any(self._held[grant_id] >= self._per_grant for grant_id in grants):
                raise TooManyDownloads(
                    marked(
                        "This is being downloaded %(most)s times right now. Wait until one of them is done.",
                        most=self._per_grant,
                    )
                )
            self._free -= 1
            self._held.update(grants)
        is_held = True

        def give_back() -> None:
            nonlocal is_held
            with self._lock:
                if is_held:
                    self._free += 1
                    self._held.subtract(grants)
                    self._held = +self._held  # without those that are at zero
                is_held = False

        return give_back


SLOTS = Part[DownloadSlots]("download slots")
