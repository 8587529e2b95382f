"""Room for a file before it is sent, for each piece, and for its copy in the storage: the shop keeps its own."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any

from storefront.core.runtime import Part, settings
from storefront.core.storage import StorageFull
from storefront.owner.health.room import LOW_BYTES
from storefront.owner.uploads.parts import make_part_folder
from storefront.owner.uploads.refusals import NoRoom
from storefront.shop.catalog.file_sizes import format_size

READ_BYTES = 1024 * 1024


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


# Returns the free bytes of the disk below a folder.
FREE_BYTES: Part[Callable[[Path], int]] = Part("free bytes", lambda: _free_bytes)


def check_room(size_bytes: int, *, part_bytes: int) -> None:
    """Leave the shop itself the room below which `status` warns. `part_bytes`: what is to come of part files.

    Raises:
        NoRoom: the disk of the part files, or that of the storage, is too small.
    """
    part_folder = make_part_folder()
    needed: Counter[int] = Counter()
    folders = {_device_of(part_folder): part_folder}
    needed[_device_of(part_folder)] += part_bytes
    if settings().is_folder:
        files = _nearest(settings().files_path)
        folders.setdefault(_device_of(files), files)
        needed[_device_of(files)] += size_bytes
    for device, folder in folders.items():
        free = _free_for_uploads(folder)
        if needed[device] > free:
            raise NoRoom(
                f"This file needs {format_size(needed[device])} on the shop's disk while it is brought in, and "
                f"{format_size(free)} are free for it. Make room there, or bring a smaller file."
            )


def has_room_for_piece(size_bytes: int) -> bool:
    return size_bytes <= _free_for_uploads(make_part_folder())


def keep_room(content: IO[bytes]) -> IO[bytes]:
    """Return what reads a whole file for the storage as long as its disk has room: others may fill it meanwhile.

    Raises:
        StorageFull: it has none, here or while it is read.
    """
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    if not settings().is_folder:
        return content
    folder = _nearest(settings().files_path)
    _demand_room(folder, size)
    return BufferedReader(_Watched(content, folder), READ_BYTES)


class _Watched(RawIOBase):
    def __init__(self, content: IO[bytes], folder: Path) -> None:
        self._content, self._folder = content, folder

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._content.seek(offset, whence)

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - its type has a name from Python 3.12 on
        place = memoryview(buffer)
        data = self._content.read(len(place))
        _demand_room(self._folder, len(data))
        place[: len(data)] = data
        return len(data)


def _demand_room(folder: Path, size_bytes: int) -> None:
    if size_bytes > _free_for_uploads(folder):
        raise StorageFull("The storage is full but for what the shop itself needs: make room, then try again.")


def _free_for_uploads(folder: Path) -> int:
    return max(0, FREE_BYTES.get()(folder) - LOW_BYTES)


def _nearest(path: Path) -> Path:
    """Return the folder itself, or where it will be made."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())


def _device_of(folder: Path) -> int:
    return folder.stat().st_dev
