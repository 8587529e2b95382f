"""Folders of this machine, and what is safe in them."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from storefront.core import clock

STALE_SECONDS = 24 * 3600  # what an upload that was killed left behind


def sync_folder(folder: Path) -> None:
    """Bring the folder's names to its disk: a new name is as safe as its file only then. Raises OSError."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link(temporary: Path, target: Path) -> tuple[str, str] | None:
    """Give the file its name, unless another one has it: then return that one's hash and mark."""
    while True:
        try:
            os.link(temporary, target)  # unlike a rename, this refuses to replace
        except FileExistsError:
            with suppress(FileNotFoundError), target.open("rb") as content:  # deleted meanwhile: once more
                return hashlib.file_digest(content, "sha256").hexdigest(), mark_of(os.fstat(content.fileno()))
        else:
            return None


def mark_of(found: os.stat_result) -> str:
    """A number of a file is given again after it was deleted, but not with the same moment."""
    return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"


def make_folder(folder: Path) -> None:
    """Make the folder so that nginx can read it, whatever the umask of the upload is."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)


def clean_up(folder: Path) -> None:
    """Delete what a killed upload left; what belongs to a running one is younger."""
    for leftover in folder.glob(".incoming-*"):
        with suppress(OSError):  # another upload is done with it, or it is another user's and hinders nothing
            if leftover.stat().st_mtime < clock.now().timestamp() - STALE_SECONDS:
                leftover.unlink()
