"""Reads single values out of the environment and collects what is wrong with them."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from storefront.core.email_addresses import is_one_line
from storefront.core.places import home


class SettingsError(Exception):
    """Every problem found, one line each, each saying what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def split_list(text: str) -> tuple[str, ...]:
    """Return what stands between the commas, without what is empty."""
    return tuple(filter(None, map(str.strip, text.split(","))))


class Reader:
    """Reads values and collects complaints instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.home = home(environ)
        self.problems: list[str] = []

    def secret(self, name: str, *, may_be_empty: bool = False) -> str:
        """Return `NAME`, or the content of the file that `NAME_FILE` points to.

        An empty file is a secret that was never filled in: the setting's default would be another shop. With
        `may_be_empty` it is as good as none.
        """
        path = self.environ.get(f"{name}_FILE")
        if path and self.environ.get(name):
            self.problems.append(f"{name} and {name}_FILE are both set: keep one.")
        if not path:
            return self.environ.get(name, "").strip()
        text = self._read_file(name, path)
        if text == "" and not may_be_empty:
            self.problems.append(f"{name}_FILE={path} is empty: write the secret into it, or remove {name}_FILE.")
        return text or ""

    def _read_file(self, name: str, path: str) -> str | None:
        """Return None, and complain, where it cannot be read."""
        try:
            return Path(path).read_text(encoding="utf-8-sig").strip()  # Windows puts a mark first, as in `.env`
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            self.problems.append(f"{name}_FILE={path} cannot be read ({why}).")
            return None

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def line(self, name: str, default: str) -> str:
        """Return one line of text, to be shown in titles and headers."""
        raw = self.text(name, default)
        if not is_one_line(raw):
            self.problems.append(f"{name}={raw!r} must be one line of UTF-8 text without control characters.")
        return raw

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and low <= int(raw) <= high:
            return int(raw)
        self.problems.append(f"{name}={raw} must be a whole number from {low} to {high}.")
        return default

    def flag(self, name: str, *, default: bool = False) -> bool:
        raw = self.text(name, "true" if default else "false").lower()
        if raw in ("1", "true", "yes", "on"):
            return True
        if raw not in ("0", "false", "no", "off"):
            self.problems.append(f"{name}={raw} must be true or false.")
        return False

    def url(self, name: str, default: str) -> str:
        raw = self.text(name, default).rstrip("/")
        if not is_web_address(raw):
            self.problems.append(f"{name}={raw} must be an address that starts with http:// or https://.")
        return raw


def is_web_address(raw: str) -> bool:
    """Tell whether this is a web address in one line: `urlsplit` drops line ends, which would stay in use."""
    if not raw.isprintable():
        return False
    try:
        parts = urlsplit(raw)
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
