"""What stands against an upload: files that buyers may have stay as they are, and no two of them collide."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import select

from storefront.core.db import db, end_read
from storefront.core.errors import StorefrontError
from storefront.core.storage import measure
from storefront.shop.catalog.file_names import same_name
from storefront.shop.catalog.models import Release, ReleaseFile

MOST_FILES = 50  # of a release
LONGEST_VERSION = 40  # characters


class ReleaseFileExists(StorefrontError):
    """What buyers may have checked against its SHA-256 stays as it is: new bytes need a new version."""

    code = "release_file_exists"
    status = 409
    title = "This release already has another file of this name"


class SameOnDisk(ReleaseFileExists):
    code = "same_on_disk"
    title = "On Windows and on a Mac these two are one file"


class TooManyFiles(StorefrontError):
    code = "too_many_files"
    status = 409
    title = "This release has too many files"


class VersionTooLong(StorefrontError):
    code = "version_too_long"
    title = "This version is too long"


class EmptyFile(StorefrontError):
    code = "empty_file"
    status = 409
    title = "This file is empty"


class ReleaseIsThere(StorefrontError):
    code = "release_is_there"
    status = 409
    title = "This release is there already"


def check_distinct_names(filenames: list[str]) -> None:
    if len(set(filenames)) < len(filenames):
        raise ReleaseFileExists("Two of these files have the same name.")


def check_not_empty(sources: Iterable[Path]) -> None:
    empty = [source.name for source in sources if source.stat().st_size == 0]
    if empty:
        raise EmptyFile(f"{', '.join(empty)}: 0 bytes. Was it copied whole? --allow-empty takes it as it is.")


def check_version(product_id: int, version: str) -> None:
    """Refuse a new version whose folder would be another version's on a Mac, and one that is too long to show."""
    versions = set(db.session.scalars(select(Release.version).where(Release.product_id == product_id)))
    if version in versions:
        return
    if len(version) > LONGEST_VERSION:
        raise VersionTooLong(f"A version has at most {LONGEST_VERSION} characters; this one has {len(version)}.")
    for other in versions:
        if same_name(other) == same_name(version):
            raise SameOnDisk(
                f"Version {other} is there, and {version} would be the same folder on a Mac: use {other}."
            )


def check_release(release: Release | None, slug: str, notes: str | None, *, is_draft: bool) -> None:
    """Refuse what is asked of a new release where there is one already: it must not be dropped in silence."""
    if release is None:
        return
    if is_draft and release.published_at is not None:
        raise ReleaseIsThere(f"{release.version} was published before: a draft needs a version of its own.")
    if notes is not None and notes != release.notes:
        raise ReleaseIsThere(
            f"{release.version} is there already and has other notes. Upload without them, and change them with "
            f"`storefront releases publish {slug} {release.version} --notes-file FILE`."
        )


def check_names_on_disk(new: Iterable[str], others: Iterable[str]) -> None:
    """Refuse names that are one file on a buyer's disk, who would have one of them and not know which.

    Only new names are refused: a release from before anybody asked may have both, and the same again changes
    nothing.
    """
    known = {same_name(name): name for name in others}
    for name in new:
        other = known.get(same_name(name), name)
        if other != name:
            raise SameOnDisk(f"{name} and {other} are one file on Windows and on a Mac: rename one.")


def check_file_count(count: int) -> None:
    if count > MOST_FILES:
        raise TooManyFiles(f"A release has at most {MOST_FILES} files: put some of them into a zip file.")


def check_same_bytes(product_id: int, version: str, sources: Mapping[str, Path]) -> None:
    """Refuse other bytes under a known name, before anything is stored: a bucket would keep both."""
    rows = db.session.execute(
        select(ReleaseFile.filename, ReleaseFile.sha256)
        .join(Release, Release.id == ReleaseFile.release_id)
        .where(Release.product_id == product_id, Release.version == version)
    )
    known = {row.filename: row.sha256 for row in rows}
    end_read()
    check_names_on_disk(sources.keys() - known.keys(), [*sources, *known])
    for filename in sources.keys() & known.keys():
        with sources[filename].open("rb") as content:
            _size, digest = measure(content)
        if digest != known[filename]:
            raise other_content(filename, version)


def other_content(filename: str, version: str) -> ReleaseFileExists:
    return ReleaseFileExists(f"{filename} of version {version} has other content: give the new one a new version.")
