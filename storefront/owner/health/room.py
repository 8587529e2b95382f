"""Whether there is room and leave to write: the disks below database, queue and files, seen without writing."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from storefront.core.config.settings import Settings
from storefront.core.config.sqlite_files import find_database_file, find_queue_file

LOW_BYTES = 512 * 1024 * 1024
FILES = "FILES_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`name` is for people: paths of this machine are nobody's business."""

    name: str
    free_bytes: int
    is_writable: bool
    obstacle: str = ""  # what more room, or leave to write, does not mend

    @property
    def is_low(self) -> bool:
        return self.free_bytes < LOW_BYTES


def look_at_places(settings: Settings) -> tuple[Place, ...]:
    """Return what lies on this machine; a server's disks and a bucket are not ours to see."""
    places = (
        ("the database", "DATABASE_URL", find_database_file(settings.database_url)),
        ("the queue", "QUEUE_URL", find_queue_file(settings.queue_url)),
        ("the files", FILES, settings.files_path if settings.is_folder else None),
    )
    return tuple(_look(name, setting, path.absolute()) for name, setting, path in places if path is not None)


def _nearest(path: Path) -> Path:
    return next(candidate for candidate in (path, *path.parents) if os.access(candidate, os.F_OK))


def _look(name: str, setting: str, path: Path) -> Place:
    """Look at a place; what is not there yet is made when it is first needed, in the nearest folder that is there.

    A folder that may not even be looked into hides what is in it, and `exists()` would raise.
    """
    there = _nearest(path)
    folder = there if there.is_dir() else there.parent  # SQLite writes files of its own beside the database
    is_in_the_way = there.is_file() and (there != path or setting == FILES)
    is_writable = not is_in_the_way and all(os.access(used_path, os.W_OK) for used_path in (there, folder))
    usage = shutil.disk_usage(folder)
    obstacle = ""
    if is_in_the_way:
        obstacle = f"there is a file where {setting} wants a folder, so name another one"
    elif not usage.total:
        obstacle = f"what {setting} names is on no disk that says how large it is, so name a folder on one"
    return Place(name=name, free_bytes=usage.free, is_writable=is_writable, obstacle=obstacle)
