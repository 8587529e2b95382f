"""The files that addresses of SQLite name. Who wants one asks here: the rules are not those of a path."""

from pathlib import Path
from urllib.parse import parse_qs, unquote

SQLITE = "sqlite:///"


def sqlite_address(path: Path) -> str:
    """Return the address of a database, which is read decoded and ends at a question mark."""
    return SQLITE + str(path).replace("%", "%25").replace("?", "%3F")


def find_database_file(url: str) -> Path | None:
    """Return the database's file; None for one in memory, and where the database is not of SQLite."""
    if not url.startswith(SQLITE):
        return None
    name, _, query = url.removeprefix(SQLITE).partition("?")
    is_in_memory = parse_qs(query).get("mode") == ["memory"]
    path = path_of(unquote(name))
    return None if is_in_memory or path in ("", ":memory:") else Path(path)


def find_queue_file(url: str) -> Path | None:
    """Return the queue's file: what stands there is the path as it is, percent signs and all."""
    path = url.removeprefix(SQLITE)
    return Path(path) if url.startswith(SQLITE) and path not in ("", ":memory:") else None


def path_of(name: str) -> str:
    """Read SQLite's own URIs, too (https://www.sqlite.org/uri.html)."""
    if not name.startswith("file:"):
        return name
    path = unquote(name.removeprefix("file:").split("?")[0])
    return "/" + path.lstrip("/") if path.startswith("//") else path
