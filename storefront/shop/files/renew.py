"""Writes into a folder what the shop and the folder agree on, so that a later plan knows who changed what."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from storefront.shop.files.compare import Comparison
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import Objects, Ref
from storefront.shop.files.plan import digests_of_sides
from storefront.shop.files.record import (
    RECORD_FILE,
    Digests,
    Record,
    RecordRefused,
    digests_of,
    read_record,
    write_record,
)

TEXT_ENDINGS = (".md", ".toml")
DIGEST_LETTERS = 16
NEVER_AGREED = ""  # no value has this digest


def digest_of_text(text: str) -> str:
    """Return the digest of a text however its lines end."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()[:DIGEST_LETTERS]


def renew_record(folder: Folder, done: Comparison) -> bool:
    """Write the record after an apply. Returns False where the folder cannot be written: nothing else is lost."""
    shop = done.shop
    known = done.folder.objects.keys() | done.record.digests.keys()
    digests = digests_of(shop, only=[ref for ref in shop if ref in known])
    for conflict in done.plan.kept:
        _keep_old(digests, done.record.digests, conflict.ref, conflict.field)
    record = Record(
        digests=digests,
        kept={(conflict.ref, conflict.field): digests_of_sides(conflict) for conflict in done.plan.kept},
        files=_digest_files(folder),
    )
    return save_record(folder.root, record)


def _keep_old(digests: Digests, old: Digests, ref: Ref, name: str) -> None:
    if name and ref not in old:
        digests.setdefault(ref, {})[name] = NEVER_AGREED
    for other, fields in old.items():
        if other == ref and not name:
            digests[other] = fields
        elif other == ref and name in fields:
            digests.setdefault(other, {})[name] = fields[name]


def _digest_files(folder: Folder) -> dict[str, str]:
    files = {place: digest_of_text(text) for place, text in folder.texts.items()}
    for ref, source in folder.sources.items():
        sha256 = folder.objects.get(ref, {}).get("sha256", ref.name)
        files[source.relative_to(folder.root).as_posix()] = sha256[:DIGEST_LETTERS]
    return files


def save_record(root: Path, record: Record) -> bool:
    """Write the record whole or not at all. Returns False where the folder cannot be written."""
    content = write_record(record)
    with suppress(RecordRefused):
        if read_record(root) == record:
            return True
    try:
        handle, temporary = tempfile.mkstemp(dir=root, prefix=".storefront-")
        with os.fdopen(handle, "wb") as output:
            output.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(root / RECORD_FILE)
    except OSError:
        return False
    return True


def record_of(shop: Objects, files: dict[str, str]) -> Record:
    """Return the record of an export: folder and shop agree on everything."""
    return Record(digests=digests_of(shop), files=files)
