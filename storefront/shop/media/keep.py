"""Puts bytes into the storage under their own hash: the same ones again change nothing."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from storefront.core.db import end_read
from storefront.core.storage import HASH_LETTERS, measure, storage
from storefront.shop.media.names import FOLDER, split_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """`name` is what it is called in its folder, `path` is relative to the storage."""

    name: str
    path: str
    sha256: str
    size_bytes: int


def keep_bytes(content: bytes, ending: str, content_type: str, *, folder: str = FOLDER) -> Kept:
    return keep(BytesIO(content), hashlib.sha256(content).hexdigest(), ending, content_type, folder=folder)


def keep(content: IO[bytes], sha256: str, ending: str, content_type: str, *, folder: str = FOLDER) -> Kept:
    """Store a file whose hash is known, whole or not at all.

    What was stored before a later step failed stays: nothing refers to it, and the next try finds it there.

    Raises:
        StorageFull, StorageClosed: the folder takes nothing.
        StorageUnavailable: the bucket does not answer.
    """
    end_read()
    name = sha256 + ending
    stored = storage().put(content, folder=folder, filename=name, content_type=content_type)
    return Kept(name=name, path=stored.path, sha256=stored.sha256, size_bytes=stored.size_bytes)


def measure_again(content: IO[bytes]) -> tuple[int, str]:
    """Return size and SHA-256 of a whole file, and go back to its beginning."""
    content.seek(0)
    size, digest = measure(content)
    content.seek(0)
    return size, digest


def at_home(path: str) -> str:
    """Return where this storage has a file that is served by its name, wherever a row says that it was stored.

    A folder and a bucket differ in that, and a backup may have brought a shop from one into the other. Other files
    have their paths in rows.
    """
    *folders, name = path.split("/")
    known = split_name(name)
    if known is None or folders not in ([FOLDER], [FOLDER, known[0][:HASH_LETTERS]]):
        return path
    return storage().path_of(folder=FOLDER, filename=name, sha256=known[0])


def is_whole(path: str) -> bool:
    """Tell whether a file that is called by its hash is there, whole. A damaged one goes and makes room.

    Raises:
        StorageUnavailable: the bucket does not answer.
    """
    if storage().find_size(path) is None:
        return False
    digest = hashlib.sha256()
    for piece in storage().read(path):
        digest.update(piece)
    if digest.hexdigest() == path.rpartition("/")[2].partition(".")[0]:
        return True
    storage().delete(path)
    return False
