"""The manifest: a small readable file for each backup, written last. What has none is no backup.

It says what belongs to the backup, with sizes and hashes as they lie there, so that whoever holds no key can still
tell whether all of it is there. Names and contents of files are in the index, which is encrypted.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from storefront.core import clock
from storefront.core.depots import Depot
from storefront.owner.backup.refusals import BackupDamaged, NoBackup

FORMAT = "storefront backup 1"
BACKUPS, OBJECTS = "backups", "objects"
MANIFEST = "manifest.json"
NAME = re.compile(r"(?!\.{1,2}$)[^/\x00-\x1f\x7f]+")
TO_THE_SECOND = "%Y%m%d-%H%M%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Something encrypted: where it lies in the place, its size there, and its SHA-256 in hex."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`secret_key` is a fingerprint of the shop's SECRET_KEY; `recipient` the public half of the owner's key.

    `signature` is made with SECRET_KEY over all the rest: who can write to the place cannot make a backup.
    """

    format: str
    name: str
    made_at: datetime
    version: str
    revision: str
    engine: str
    secret_key: str
    recipient: str
    database: Sealed
    index: Sealed
    files: tuple[Sealed, ...]
    signature: str = ""

    @property
    def parts(self) -> tuple[Sealed, ...]:
        """Return all of it, the small one first, each once."""
        return (self.index, *self.files, self.database)

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)


def new_name(now: datetime) -> str:
    """Return a name that sorts by time, in UTC down to the millisecond, and is nobody else's."""
    return f"{now:{TO_THE_SECOND}}-{now.microsecond // 1000:03}-{secrets.token_hex(2)}"


def path_of(name: str, part: str = MANIFEST) -> str:
    return f"{BACKUPS}/{name}/{part}"


def fingerprint(secret_key: str) -> str:
    return _mac(b"backup fingerprint", secret_key)[:16]


def object_name(content: str, *, recipient: str, secret_key: str) -> str:
    """Return where a content lies, encrypted to a recipient: nobody can tell from it which content that is."""
    digest = _mac(f"backup object:{recipient}:{content}".encode(), secret_key)
    return f"{OBJECTS}/{digest[:2]}/{digest}.age"


def signed(manifest: Manifest, secret_key: str) -> Manifest:
    return replace(manifest, signature=_mac(b"backup manifest:" + _body(manifest), secret_key))


def is_genuine(manifest: Manifest, secret_keys: Sequence[str]) -> bool:
    """Tell whether the shop made it, with its SECRET_KEY or one of before."""
    made = (signed(manifest, secret_key).signature for secret_key in secret_keys)
    return any(hmac.compare_digest(signature, manifest.signature) for signature in made)


def to_bytes(manifest: Manifest) -> bytes:
    return json.dumps(_values(manifest) | {"signature": manifest.signature}, indent=1).encode()


def read_manifest(place: Depot, name: str) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        NoBackup: there is none of this name.
        BackupDamaged: it is cut, or no manifest of this format.
    """
    sentence = f"There is no backup {name}: `storefront backup list` says which there are."
    if not NAME.fullmatch(name):  # a bucket cannot even be asked, and a folder would look elsewhere
        raise NoBackup(sentence)
    try:
        with place.reading(path_of(name)) as content:
            raw = content.read()
    except FileNotFoundError as error:
        raise NoBackup(sentence) from error
    try:
        return _from_values(json.loads(raw))
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"The manifest of {name} is cut or damaged: take another backup.") from error


def list_names(place: Depot) -> list[str]:
    """Return the names of all backups that were completed, the newest first; last those of a clock ahead."""
    parts = (listed.name.split("/") for listed in place.list(BACKUPS))
    names = (part[1] for part in parts if len(part) == 3 and part[2] == MANIFEST)
    return sorted(names, key=lambda name: (not is_ahead(name), name), reverse=True)


def is_ahead(name: str) -> bool:
    """Tell whether a backup is dated in the future: the clock was ahead when it was made, or is behind now."""
    return name > f"{clock.now() + clock.AHEAD:{TO_THE_SECOND}}~"


def readable_manifests(place: Depot) -> Iterator[Manifest]:
    """Yield those that can be read, the newest first."""
    for name in list_names(place):
        try:
            yield read_manifest(place, name)
        except (BackupDamaged, NoBackup):
            continue


def _mac(message: bytes, secret_key: str) -> str:
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()


def _values(manifest: Manifest) -> dict[str, Any]:
    values = asdict(manifest) | {"made_at": clock.iso(manifest.made_at)}
    del values["signature"]
    return values


def _body(manifest: Manifest) -> bytes:
    return json.dumps(_values(manifest), sort_keys=True, separators=(",", ":")).encode()


def _from_values(values: dict[str, Any]) -> Manifest:
    if values["format"] != FORMAT:
        raise ValueError(values["format"])
    return Manifest(
        **values
        | {
            "made_at": datetime.fromisoformat(values["made_at"]),
            "database": Sealed(**values["database"]),
            "index": Sealed(**values["index"]),
            "files": tuple(Sealed(**sealed) for sealed in values["files"]),
        }
    )
