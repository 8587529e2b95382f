"""Room for a file before it is sent: its part file, its copy in the storage, and what others are still to send."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from storefront.core.runtime import Part, settings
from storefront.owner.health.room import LOW_BYTES
from storefront.owner.uploads.parts import make_part_folder
from storefront.owner.uploads.refusals import NoRoom
from storefront.shop.catalog.file_sizes import format_size


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


# Returns the free bytes of the disk below a folder.
FREE_BYTES: Part[Callable[[Path], int]] = Part("free bytes", lambda: _free_bytes)


def check_room(size_bytes: int, *, promised_bytes: int) -> None:
    """Leave the shop itself the room below which `status` warns.

    Raises:
        NoRoom: the disk of the part files, or that of the storage, is too small.
    """
    part_folder = make_part_folder()
    needed: Counter[int] = Counter()
    folders = {_device_of(part_folder): part_folder}
    needed[_device_of(part_folder)] += size_bytes + promised_bytes
    if settings().is_folder:
        files = _nearest(settings().files_path)
        folders.setdefault(_device_of(files), files)
        needed[_device_of(files)] += size_bytes
    for device, folder in folders.items():
        free = max(0, FREE_BYTES.get()(folder) - LOW_BYTES)
        if needed[device] > free:
            raise NoRoom(
                f"This file needs {format_size(needed[device])} on the shop's disk while it is brought in, and "
                f"{format_size(free)} are free for it. Make room there, or bring a smaller file."
            )


def _nearest(path: Path) -> Path:
    """Return the folder itself, or where it will be made."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())


def _device_of(folder: Path) -> int:
    return folder.stat().st_dev
