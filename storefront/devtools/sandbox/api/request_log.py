"""Which API calls came in: tests count and time them."""

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, cast

from flask import current_app


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    id: str
    method: str
    path: str
    idempotency_key: str | None
    is_replay: bool
    api_version: str | None
    status: int
    at: float
    duration_ms: float


class RequestLog:
    def __init__(self, size: int = 10_000) -> None:
        self._lock = threading.Lock()
        self._entries: deque[LoggedRequest] = deque(maxlen=size)

    def add(self, entry: LoggedRequest) -> None:
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(entry) for entry in self._entries]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def current_request_log() -> RequestLog:
    """Return the log of the app that answers this request."""
    return cast("RequestLog", current_app.extensions["sandbox_requests"])
