"""Releases and their files on a terminal."""

from collections.abc import Iterator, Sequence

from storefront.buyers.library.news import Told
from storefront.delivery.downloads.missing_files import Missing
from storefront.shop.catalog.file_sizes import format_size
from storefront.shop.catalog.releases import ListedRelease, ReleaseState


def uploaded_lines(release: ListedRelease) -> Iterator[str]:
    for file in release.files:
        yield f"{file.filename}  {format_size(file.size_bytes)}  SHA-256 {file.sha256}"
    state = "a draft" if release.state is ReleaseState.DRAFT else release.state
    yield f"{release.version} is {state}."


def release_lines(releases: Sequence[ListedRelease]) -> Iterator[str]:
    for release in releases:
        day = f"{release.published_at:%Y-%m-%d}" if release.published_at else "-"
        yield f"{release.version}  {release.state}  {day}"
        for file in release.files:
            yield f"  {file.filename}  {format_size(file.size_bytes)}  {file.sha256}"


def missing_line(missing: Missing) -> str:
    if missing.is_unread:
        return f"{missing.path} cannot be read now: the log says why. Look at its disk or bucket, then ask again."
    if missing.found_bytes is None:
        return f"{missing.path} is missing, or cannot be read"
    return f"{missing.path} has {missing.found_bytes} of {missing.size_bytes} bytes"


def told_lines(told: Told, *, dry_run: bool) -> Iterator[str]:
    if dry_run:
        yield f"{told.told} mails would leave within {told.minutes} minutes."
    else:
        yield f"{told.told} mails leave within {told.minutes} minutes; {told.before} were told before."
    yield (
        f"Left out: {told.unsubscribed} want no news, {told.unreachable} have addresses that take no email, "
        f"{told.not_included} have no updates any more, {told.closed} have no open order "
        "(they are told when theirs opens again)."
    )
