"""Files of the shop that every user of this machine may read: made before `umask 077`, or opened by a copy."""

import os
import stat
from pathlib import Path

from storefront.core.config.settings import Settings
from storefront.core.config.sqlite_files import find_database_file, find_queue_file

PRIVATE = ("*.db", "*.db-*", "*.sqlite", "*.sqlite-*", "*.env", "*.lock")
BY_ANYBODY = stat.S_IROTH | stat.S_IWOTH


def find_open_files(shop: Settings) -> tuple[str, ...]:
    """Databases, mailboxes, settings and locks beside them; nothing in a folder that others cannot enter."""
    if os.name != "posix":
        return ()
    files = (find_database_file(shop.database_url), find_queue_file(shop.queue_url))
    paths = {shop.home / ".env"}
    for folder in {file.absolute().parent for file in files if file is not None}:
        paths.update(*(folder.glob(pattern) for pattern in PRIVATE))
    return tuple(sorted(str(path) for path in paths if _is_open(path)))


def _is_open(path: Path) -> bool:
    try:
        is_reached = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
        return is_reached and path.is_file() and bool(path.stat().st_mode & BY_ANYBODY)
    except OSError:  # it went away meanwhile, as the journals of a database do
        return False
