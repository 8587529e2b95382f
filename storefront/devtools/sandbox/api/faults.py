"""Trouble on order: the next N calls that match fail, hang, or lose their answer after the work was done."""

import fnmatch
import threading
from dataclasses import dataclass, field
from typing import Any, cast

from flask import current_app

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.json_values import refuse_unknown_members


class FaultsClearedError(Exception):
    """The call was waiting when its fault was taken away: nothing is done, and nobody gets an answer."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """`status=None`: the call is executed. `delay_seconds` passes before it, or before the drop.

    `path` is the beginning of a path, or a pattern with `*`. `times=None`: until faults are cleared.
    `drop_before_execution` closes the connection instead of answering, with nothing done.
    """

    method: str = "*"
    path: str = "/v1/"
    times: int | None = 1
    status: int | None = None
    type: str = "api_error"
    code: str | None = None
    param: str | None = None
    message: str = "An unknown error occurred in the sandbox, as ordered."
    stored_under_idempotency_key: bool = True
    delay_seconds: float = 0.0
    drop_before_execution: bool = False
    drop_after_execution: bool = False
    should_retry: bool | None = None

    def matches(self, method: str, path: str) -> bool:
        return not self.is_used_up and self.method in {"*", method} and self._names(path)

    def _names(self, path: str) -> bool:
        return fnmatch.fnmatchcase(path, self.path) if "*" in self.path else path.startswith(self.path)

    def count_down(self) -> None:
        if self.times is not None:
            self.times -= 1

    def fail(self) -> None:
        """Raise the error, if there is one."""
        if self.status is None:
            return
        raise StripeApiError(
            self.status,
            self.message,
            kind=self.type,
            code=self.code,
            param=self.param,
            is_stored=self.stored_under_idempotency_key and self.status not in {409, 429},
            headers=self._headers(),
        )

    def _headers(self) -> dict[str, str]:
        return {} if self.should_retry is None else {"Stripe-Should-Retry": str(self.should_retry).lower()}

    @property
    def is_used_up(self) -> bool:
        return self.times is not None and self.times <= 0


@dataclass(slots=True, kw_only=True)
class Hold:
    """What calls wait for beside their delay: somebody who lets them go on, or who clears the faults."""

    is_over: threading.Event = field(default_factory=threading.Event)
    is_cleared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A fault as one call has met it."""

    fault: Fault
    hold: Hold

    def strike(self) -> None:
        """Pass the delay, then raise the error, if there is one."""
        if not self.fault.drop_after_execution:
            self.wait()
        self.fault.fail()

    def wait(self) -> None:
        """Pass the delay, unless somebody ends it. Raises FaultsClearedError."""
        if not self.fault.delay_seconds:
            return
        self.hold.is_over.wait(self.fault.delay_seconds)
        if self.hold.is_cleared:
            raise FaultsClearedError


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._hold = Hold()

    def add(self, values: dict[str, Any]) -> Fault:
        """Raises ValueError for a name that is not a member of Fault."""
        refuse_unknown_members(values, Fault.__dataclass_fields__)
        fault = Fault(**values)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, method: str, path: str) -> Struck | None:
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.count_down()
                    return Struck(fault=fault, hold=self._hold)
        return None

    def waiting(self) -> list[Fault]:
        with self._lock:
            return [fault for fault in self._faults if not fault.is_used_up]

    def clear(self) -> None:
        """Take away all faults, and let the calls that wait because of one end without doing anything."""
        with self._lock:
            self._faults.clear()
            self._hold.is_cleared = True
            self._end_hold()

    def release(self) -> None:
        """Let the calls that wait go on, as if their delay were over."""
        with self._lock:
            self._end_hold()

    def _end_hold(self) -> None:
        self._hold.is_over.set()
        self._hold = Hold()


def current_faults() -> Faults:
    """Return the faults of the app that answers this request."""
    return cast("Faults", current_app.extensions["sandbox_faults"])
