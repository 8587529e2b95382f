"""Addresses of static files: `?v=` comes from a file's content, so that browsers can keep it for a year."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask


def set_up_static_addresses(app: Flask) -> None:
    """Add `v` to every address of a static file, and build each address once for all pages."""
    folder = Path(app.static_folder or "")

    @cache
    def version(filename: str) -> str:
        path = folder / filename
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""

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
