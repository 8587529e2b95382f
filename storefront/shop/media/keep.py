"""Puts bytes into the storage under their own hash: the same ones again change nothing."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from storefront.core.db import end_read
from storefront.core.storage import measure, storage
from storefront.shop.media.names import FOLDER


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
