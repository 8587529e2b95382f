"""What lies encrypted in the place of backups: written with its size and hash, checked against them, opened."""

import hashlib
import os
from pathlib import Path
from typing import IO

from storefront.core.depots import Depot
from storefront.core.storage import CHUNK_BYTES
from storefront.owner.backup.age import Source, decrypt, encrypt
from storefront.owner.backup.manifest import Sealed
from storefront.owner.backup.refusals import BackupDamaged


class _Counting:
    """Hashes and counts what goes through to a stream."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.size_bytes = 0

    def write(self, content: bytes) -> int:
        self._stream.write(content)
        self.digest.update(content)
        self.size_bytes += len(content)
        return len(content)

    def flush(self) -> None:
        self._stream.flush()


def write_sealed(place: Depot, name: str, source: Source, *, recipient: str) -> Sealed:
    """Encrypt a source into the place. Raises what `Depot.writing` raises, and what the source raises."""
    with place.writing(name) as output:
        counting: IO[bytes] = _Counting(output)  # type: ignore[assignment] # all of it that is used
        encrypt(source, counting, recipient=recipient)
    return Sealed(name=name, size_bytes=counting.size_bytes, sha256=counting.digest.hexdigest())  # type: ignore[attr-defined]


def check_sealed(place: Depot, sealed: Sealed) -> None:
    """Read all of it. Raises BackupDamaged where it is missing, cut, or something else."""
    digest, size = hashlib.sha256(), 0
    try:
        with place.reading(sealed.name) as content:
            while chunk := content.read(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
    except FileNotFoundError as error:
        raise BackupDamaged(f"{sealed.name} is missing: this backup cannot be brought back as a whole.") from error
    if size != sealed.size_bytes:
        raise BackupDamaged(f"{sealed.name} has {size} bytes, and {sealed.size_bytes} were written.")
    if digest.hexdigest() != sealed.sha256:
        raise BackupDamaged(f"{sealed.name} is not what was written: it is damaged, or was replaced.")


def has_content(place: Depot, sealed: Sealed, content: Source, *, identity: str) -> bool:
    """Tell whether a content is the one that was encrypted. Raises WrongKey, BackupDamaged."""
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
    with Path(os.devnull).open("wb") as nowhere:
        opened = _Counting(nowhere)
        open_sealed(place, sealed, opened, identity=identity)  # type: ignore[arg-type] # all of it that is used
    return opened.digest.digest() == digest.digest()


def open_sealed(place: Depot, sealed: Sealed, output: IO[bytes], *, identity: str) -> None:
    """Raises WrongKey, BackupDamaged."""
    try:
        with place.reading(sealed.name) as content:
            decrypt(content, output, identity=identity)
    except FileNotFoundError as error:
        raise BackupDamaged(f"{sealed.name} is missing: this backup cannot be brought back as a whole.") from error
