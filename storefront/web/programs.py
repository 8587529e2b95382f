"""Addresses that programs call, not people: JSON whatever happens, and never a redirect, which loses a POST."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import request

LICENSE_API = "/v1/"
WEBHOOK = "/webhook"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def is_for_programs(path: str) -> bool:
    return path.startswith(LICENSE_API) or path == WEBHOOK


def wants_json() -> bool:
    """Return whether this request is answered with JSON: by its address, else by its Accept header."""
    if is_for_programs(request.path) or request.path.startswith("/.well-known/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


class PlainPaths:
    """`//v1/licenses/validate/` is what a program asks whose base address ends in a slash, and means no other."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's
        path: str = environ.get("PATH_INFO", "")
        if path.endswith("/") or "//" in path:
            plain = re.sub("/{2,}", "/", path).rstrip("/")
            if is_for_programs(plain):
                environ["PATH_INFO"] = plain
        return self.app(environ, start_response)
