"""How many threads of a process may wait for Stripe at once: a Stripe that hangs must not hold the whole shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from storefront.errors import StripeUnavailable

_is_delivery: ContextVar[bool] = ContextVar("is_delivery", default=False)


class StripeCrowded(StripeUnavailable):
    """So many wait for Stripe already that one more would keep pages waiting that need no Stripe."""

    code = "stripe_crowded"


class Turns:
    """Nobody waits in line here: waiting is what holds a thread.

    Of eight threads six may be at Stripe, and four for deliveries: those come again, a buyer stands and waits.
    """

    def __init__(self, threads: int) -> None:
        self.most = max(1, threads - max(1, threads // 4))
        self.most_with_deliveries = max(1, self.most - self.most // 3)
        self._taken = 0
        self._lock = Lock()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Raises StripeCrowded."""
        most = self.most_with_deliveries if _is_delivery.get() else self.most
        with self._lock:
            if self._taken >= most:
                raise StripeCrowded
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1


@contextmanager
def as_delivery() -> Iterator[None]:
    """What asks Stripe in here does so for a webhook delivery."""
    token = _is_delivery.set(True)
    try:
        yield
    finally:
        _is_delivery.reset(token)
