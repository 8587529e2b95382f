"""Takes files of an ordinary form, for browsers without JavaScript: the same checks, the same draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from storefront.core.db import db, end_read
from storefront.owner.uploads.finish import bring_into_draft
from storefront.owner.uploads.refusals import UploadRefused
from storefront.owner.uploads.start import Announced, check_announced
from storefront.shop.catalog.queries import get_product
from storefront.shop.catalog.upload_checks import check_distinct_names, check_names_on_disk

MOST_BYTES = 100 * 1000 * 1000  # of one form, all its files together


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    filename: str
    content: IO[bytes]


def take_files(slug: str, version: str, files: Sequence[SentFile]) -> list[str]:
    """Bring files into a draft and return their names. All are checked before one is stored.

    Should the storage fail in between, those before are in the draft, and the same form again brings the rest.

    Raises:
        UploadRefused: there is no file.
        and what `begin` and `finish` of uploads raise.
    """
    if not files:
        raise UploadRefused("Choose at least one file.")
    slug = get_product(db.session(), slug).slug  # it may have another one than the page was opened with
    names = [
        check_announced(
            Announced(slug=slug, version=version, filename=file.filename, size_bytes=_size_of(file.content)),
            others=[other.filename for other in files],
        )
        for file in files
    ]
    check_distinct_names(names)
    check_names_on_disk(names, names)
    end_read()
    for name, file in zip(names, files, strict=True):
        bring_into_draft(file.content, slug=slug, version=version, filename=name)
    return names


def _size_of(content: IO[bytes]) -> int:
    size = content.seek(0, 2)
    content.seek(0)
    return size
