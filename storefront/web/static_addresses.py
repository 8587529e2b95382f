"""Addresses of static files: `?v=` comes from a file's content, so that browsers can keep it for a year."""

import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

from storefront.web.open_pages import KEEP_FOR_A_YEAR

SENT = (200, 206, 304)
KEPT_VERSIONS = 256


def rule_of_static(response: Response) -> str | None:
    """Return the rule for caches of a static file's answer; None leaves Flask's, which is to ask each time.

    While two machines run two versions, one is asked for what only the other has. Nobody may keep its answer.
    """
    if response.status_code not in SENT or request.method not in ("GET", "HEAD"):
        return "no-store"
    if "v" not in request.args:
        return None
    return KEEP_FOR_A_YEAR if request.args["v"] == _own_version() else "no-store"


def _own_version() -> str | None:
    path = Path(safe_join(current_app.static_folder or "", (request.view_args or {})["filename"]) or "")
    return _version_at(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=KEPT_VERSIONS)
def _version_at(path: Path, _changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def set_up_static_addresses(app: Flask) -> None:
    """Add `v` to every address of a static file, and build each address once for all pages."""
    folder = Path(app.static_folder or "")

    @cache
    def version(filename: str) -> str:
        path = folder / filename
        return _version_at(path, path.stat().st_mtime_ns) if path.is_file() else ""

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values.get("filename") and version(values["filename"]):
            values["v"] = version(values["filename"])

    @cache
    def static_address(filename: str) -> str:
        return app.url_for("static", filename=filename)

    def url_for(endpoint: str, **values: Any) -> str:  # noqa: ANN401 - as in Flask
        """Build each address once: every page names the same few files."""
        if endpoint == "static" and values.keys() == {"filename"}:
            return static_address(values["filename"])
        return app.url_for(endpoint, **values)

    app.jinja_env.globals["url_for"] = url_for
