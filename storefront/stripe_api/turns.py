"""How many threads of a process may wait for Stripe at once: a Stripe that hangs must not hold the whole shop."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Condition

from storefront.core.errors import StripeUnavailable

WAIT_SECONDS = 0.5
ANSWERS_SECONDS = 1  # no turn was taken or given back for so long: Stripe hangs

_is_delivery: ContextVar[bool] = ContextVar("is_delivery", default=False)


class StripeCrowded(StripeUnavailable):
    """So many wait for Stripe already that one more would keep pages waiting that need no Stripe."""

    code = "stripe_crowded"


class Turns:
    """Of eight threads six may be at Stripe, and four for deliveries: those come again, a buyer stands and waits.

    While Stripe answers, deliveries take what no buyer waits for. Waiting in line holds a thread, so it is short,
    and nobody does where Stripe hangs.
    """

    def __init__(
        self, threads: int, *, wait_seconds: float = WAIT_SECONDS, answers_seconds: float = ANSWERS_SECONDS
    ) -> None:
        self.wait_seconds, self.answers_seconds = wait_seconds, answers_seconds
        self.most = max(1, threads - max(1, threads // 4))
        self.most_with_deliveries = max(1, self.most - self.most // 3)
        self._taken = 0
        self.in_line = {"buyers": 0, "deliveries": 0}
        self._moved_at = self._answered_at = -math.inf
        self.changed = Condition()

    def _is_recent(self, moment: float) -> bool:
        return time.monotonic() - moment < self.answers_seconds

    def _has_turn(self) -> bool:
        if not _is_delivery.get() or (not self.in_line["buyers"] and self._is_recent(self._answered_at)):
            return self._taken < self.most
        return self._taken < self.most_with_deliveries

    @contextmanager
    def take(self) -> Iterator[None]:
        """Raises StripeCrowded."""
        with self.changed:
            is_moving = self._is_recent(self._moved_at)
            self._wait(self.wait_seconds if is_moving else 0)
            self._taken += 1
            self._moved_at = taken_at = time.monotonic()
        try:
            yield
        finally:
            with self.changed:
                self._taken -= 1
                self._moved_at = time.monotonic()
                if self._is_recent(taken_at):  # a turn that ends much later has given up: that is no answer
                    self._answered_at = self._moved_at
                self.changed.notify_all()

    def _wait(self, seconds: float) -> None:
        who = "deliveries" if _is_delivery.get() else "buyers"
        self.in_line[who] += 1
        try:
            if not self.changed.wait_for(self._has_turn, seconds):
                raise StripeCrowded
        finally:
            self.in_line[who] -= 1
            if who == "buyers" and not self.in_line[who]:
                self.changed.notify_all()  # a delivery may take what the last of them left


@contextmanager
def as_delivery() -> Iterator[None]:
    """Let what asks Stripe in here do so for a webhook delivery."""
    token = _is_delivery.set(True)
    try:
        yield
    finally:
        _is_delivery.reset(token)
