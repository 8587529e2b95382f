"""Folders of this machine, and what is safe in them."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Bring the folder's names to its disk: a new name is as safe as its file only then. Raises OSError."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
