"""An engine (queue, database) that is away and waited for: said at once, then once a minute for all threads."""

import logging
import time
from collections.abc import Callable
from threading import Lock

log = logging.getLogger(__name__)

SAY_SECONDS = 60
MAX_WHY_LENGTH = 200


class Absence:
    """Knows whether one engine answers, for all threads of a process."""

    def __init__(self, engine: str, *, seconds_now: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self._seconds_now = seconds_now
        self._lock = Lock()
        self._since: float | None = None
        self._said_at = float("-inf")
        self._is_said = False  # whether this absence was logged

    @property
    def is_on(self) -> bool:
        return self._since is not None

    def note(self, error: BaseException | str) -> None:
        """Note that the engine cannot be used. No traceback: thirty lines say no more than the error's own."""
        with self._lock:
            now = self._seconds_now()
            self._since = now if self._since is None else self._since
            if now - self._said_at < SAY_SECONDS:
                return
            self._said_at, self._is_said = now, True
            waited = round(now - self._since)
        log.warning(
            "engine does not answer",
            extra={"engine": self.engine, "why": _why(error), "waited_seconds": waited},
        )

    def end(self) -> None:
        """Note that the engine answered. Cheap to call each time."""
        if self._since is None:
            return
        with self._lock:
            since, self._since = self._since, None
            is_said, self._is_said = self._is_said, False
            waited = round(self._seconds_now() - since) if since is not None else 0
        if is_said:
            log.warning("engine answers again", extra={"engine": self.engine, "waited_seconds": waited})


def _why(error: BaseException | str) -> str:
    """Return the driver's first line, with hosts and files. SQLAlchemy's text around it repeats the statement."""
    if isinstance(error, str):
        return error
    cause = getattr(error, "orig", None) or error
    first = (str(cause).strip().splitlines() or [""])[0]
    return f"{type(cause).__name__}: {first}"[:MAX_WHY_LENGTH]
