"""The files that addresses of SQLite name. Who wants one asks here: the rules are not those of a path."""

import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, unquote

from storefront.core.places import ROOT

SQLITE = "sqlite:///"
TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})


def sqlite_address(path: Path) -> str:
    """Return the address of a database, which is read decoded and ends at a question mark."""
    return SQLITE + str(path).replace("%", "%25").replace("?", "%3F")


def find_database_file(url: str) -> Path | None:
    """Return the database's file; None for one in memory, and where the database is not of SQLite."""
    if not url.startswith(SQLITE):
        return None
    name, _, text = url.removeprefix(SQLITE).partition("?")
    query = parse_qs(text)
    path = path_of(unquote(name)) if is_true(query.get("uri", [""])[0]) else unquote(name)
    return None if query.get("mode") == ["memory"] or path in ("", ":memory:") else Path(path)


def find_queue_file(url: str) -> Path | None:
    """Return the queue's file: what stands there is the path as it is, percent signs and all."""
    path = url.removeprefix(SQLITE)
    return Path(path) if url.startswith(SQLITE) and path not in ("", ":memory:") else None


def is_folder(path: str) -> bool:
    """Tell whether no file can be of this name."""
    return path.rpartition("/")[2] in ("", ".", "..")


def is_true(text: str) -> bool:
    """Read a yes as SQLAlchemy does."""
    return text.strip().lower() in TRUE


def path_of(name: str) -> str:
    """Read SQLite's own URIs, too (https://www.sqlite.org/uri.html)."""
    if not name.startswith("file:"):
        return name
    path = unquote(name.removeprefix("file:").split("?")[0])
    return "/" + path.lstrip("/") if path.startswith("//") else path


def find_file_of_before(name: str, file: Path) -> Path | None:
    """Return the file of a setting with a relative path, as long as that was taken; None where none is left.

    A database lay in the folder that Flask has for a program's data, a queue where the program was started.
    """
    installed = Path(sys.prefix, "var", "storefront-instance")
    folders = [Path.cwd()] if name == "QUEUE_URL" else [ROOT / "instance", installed]
    with suppress(OSError):  # a name that is too long
        return next((path for folder in folders if (path := folder / file).is_file()), None)
    return None
