"""What Stripe refused a moment ago, remembered in this process: asking again would only cost another call."""

from datetime import datetime, timedelta

from storefront.core import clock
from storefront.core.runtime import Part

REFUSED_FOR = timedelta(minutes=5)


class RefusedLately:
    """One thing that Stripe may refuse; `name` is any that nobody else has."""

    def __init__(self, name: str) -> None:
        self._at: Part[datetime | None] = Part(f"refused by stripe, {name}", lambda: None)

    def note(self) -> None:
        self._at.set(clock.now())

    def forget(self) -> None:
        self._at.set(None)

    def is_remembered(self) -> bool:
        refused_at = self._at.get()
        return refused_at is not None and clock.now() - refused_at <= REFUSED_FOR
