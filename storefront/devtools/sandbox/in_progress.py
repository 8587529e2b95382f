"""Counts the calls and pages in progress, so that a reset can let them end first."""

import threading
from typing import cast

from flask import Flask, current_app, g, request

# The control API would wait for itself, and a command line listens for hours.
_UNCOUNTED = ("control", "listen")


class InProgress:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def begin(self) -> None:
        with self._changed:
            self._count += 1

    def end(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_until_none(self, seconds: float) -> bool:
        """Tell whether all had ended at one moment within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)


def count_requests(app: Flask) -> None:
    app.extensions["sandbox_in_progress"] = in_progress = InProgress()

    @app.before_request
    def begin() -> None:
        g.is_counted = (request.blueprint or "").partition(".")[0] not in _UNCOUNTED
        if g.is_counted:
            in_progress.begin()

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        if g.pop("is_counted", False):
            in_progress.end()


def current_in_progress() -> InProgress:
    """Return the count of the app that answers this request."""
    return cast("InProgress", current_app.extensions["sandbox_in_progress"])
