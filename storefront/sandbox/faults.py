"""Trouble on order: the next N calls that match fail, hang, or lose their answer after the work was done."""

import threading
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Fault:
    """`status=None`: the call is executed. `delay_seconds` passes before it, or before the drop."""

    method: str = "*"
    path: str = "/v1/"
    times: int = 1
    status: int | None = None
    type: str = "api_error"
    code: str | None = None
    message: str = "An unknown error occurred in the sandbox, as ordered."
    stored_under_idempotency_key: bool = True
    delay_seconds: float = 0.0
    drop_after_execution: bool = False
    should_retry: bool | None = None

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in {"*", method} and path.startswith(self.path)


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, values: dict[str, Any]) -> Fault:
        """Raises ValueError for a name that is not a member of Fault."""
        unknown = set(values) - set(Fault.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
        fault = Fault(**values)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.times -= 1
                    return fault
        return None

    def waiting(self) -> list[Fault]:
        with self._lock:
            return [fault for fault in self._faults if fault.times > 0]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
