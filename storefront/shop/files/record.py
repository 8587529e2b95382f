"""What the shop said when folder and shop last agreed: a digest for each field, in a file of the folder.

By it a plan knows who changed a field since: somebody in the folder, somebody at /admin, or both.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storefront.core.errors import StorefrontError
from storefront.shop.editor.stale import digest_of
from storefront.shop.files.disk import open_file
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.objects import (
    AS_WRITTEN,
    Fields,
    Kind,
    Objects,
    Ref,
    product_ref,
    read_ref,
    refs_of,
    write_ref,
)

RECORD_FILE = ".storefront-export.json"
FORMAT = 1
MOST_BYTES = 20_000_000
NOT_RECORDED = {"path", "size_bytes", "filename", "first_slug", AS_WRITTEN}
ABSENT = digest_of(None)
UNREADABLE = (
    "This record of the last export cannot be read. Was it merged? Bring back one of the two as it was. Without "
    "the file the folder's words count, also over what was changed at /admin since."
)

Digests = dict[Ref, dict[str, str]]


class RecordRefused(StorefrontError):
    """Without it a plan would take every word of the shop for one that nobody changed."""

    code = "record_refused"
    status = 409
    title = "The record of the last export cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`kept` are fields of which somebody said to keep the shop's: digests of the folder's value and the shop's.

    `files` are the files of the folder with digests of their bytes.
    """

    digests: Digests = field(default_factory=dict)
    kept: dict[tuple[Ref, str], tuple[str, str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def digests_of(objects: Objects, *, only: Iterable[Ref] | None = None) -> Digests:
    refs = objects if only is None else [ref for ref in only if ref in objects]
    return {ref: _digests_of_fields(objects[ref]) for ref in refs}


def _digests_of_fields(values: Fields) -> dict[str, str]:
    return {name: digest_of(value) for name, value in values.items() if name not in NOT_RECORDED}


def read_record(root: Path) -> Record | None:
    """Return the record of a folder; None where it has none.

    Raises:
        RecordRefused: there is one that says nothing, as after a merge of two.
    """
    path = root / RECORD_FILE
    if not os.path.lexists(path):
        return None
    try:
        with open_file(path) as content:
            data = json.loads(content.read(MOST_BYTES))
        record = Record(
            digests=dict(_read_things(data["things"])),
            kept={_read_kept(name): (value[0], value[1]) for name, value in data["kept"].items()},
            files={str(name): str(value) for name, value in data["files"].items()},
        )
        is_known = data["format"] == FORMAT
    except (Wrong, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise RecordRefused(UNREADABLE) from error
    if not is_known:
        raise RecordRefused(UNREADABLE)
    return record


def _read_things(things: Mapping[str, Any]) -> Iterable[tuple[Ref, dict[str, str]]]:
    for name, fields in things.items():
        ref = read_ref(name)
        if ref is not None:
            yield ref, {str(key): str(value) for key, value in fields.items()}


def _read_kept(name: str) -> tuple[Ref, str]:
    thing, _, field_name = name.rpartition("#")
    ref = read_ref(thing)
    if ref is None:
        raise ValueError(name)
    return ref, field_name


def write_record(record: Record) -> bytes:
    """Return the file: the same record always as the same bytes."""
    data = {
        "format": FORMAT,
        "things": {write_ref(ref): fields for ref, fields in record.digests.items()},
        "kept": {f"{write_ref(ref)}#{name}": list(pair) for (ref, name), pair in record.kept.items()},
        "files": record.files,
    }
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def is_of_this_shop(record: Record, shop: Objects) -> bool:
    """Return False for the record of another shop: products are never deleted, and one of it was never here."""
    known = {slug for ref in refs_of(shop, Kind.PRODUCT) for slug in (ref.product, *shop[ref]["aliases"])}
    return all(ref.product in known for ref in refs_of(record.digests, Kind.PRODUCT))


def move(record: Record, slugs: Mapping[str, str]) -> Record:
    """Return the record with products called as the shop calls them now."""

    def moved(ref: Ref) -> Ref:
        return ref._replace(product=slugs.get(ref.product, ref.product))

    return Record(
        digests={moved(ref): fields for ref, fields in record.digests.items()},
        kept={(moved(ref), name): pair for (ref, name), pair in record.kept.items()},
        files=record.files,
    )


def shop_slugs(shop: Objects) -> dict[str, str]:
    """Return the slug of now by each slug that a product had."""
    return {
        alias: ref.product
        for ref, values in shop.items()
        if ref.kind is Kind.PRODUCT and ref == product_ref(ref.product)
        for alias in values["aliases"]
    }
