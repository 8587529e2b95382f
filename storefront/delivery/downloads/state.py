"""Whether the buyer of an order can download now, in one sentence for its owner, by the rules that decide it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.errors import AccessDenied
from storefront.delivery.downloads.counting import DownloadLimitReached, find_refusal
from storefront.delivery.downloads.granted_files import GrantedFile, find_newest_files
from storefront.delivery.reason_words import reason_words
from storefront.orders.access import order_access
from storefront.orders.after_sale import Notice
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.orders.notices import NoticeKind

NOTHING_TO_DOWNLOAD = "There is nothing to download in this order."
NOT_SENT = "They cannot, because the gift was not sent yet."
NO_RELEASE = "They cannot, because no release that the order includes is published."


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file of the newest release. `limit` is how often it may be downloaded; None is no limit.

    `refusal` is why it cannot be downloaded, as the end of a sentence; empty where it can.
    """

    filename: str
    version: str
    size_bytes: int
    used: int
    limit: int | None
    ends_at: datetime | None
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadState:
    """`sentence` begins with "They can download" or "They cannot"."""

    is_possible: bool
    sentence: str
    files: tuple[FileState, ...] = ()


def read_download_state(order: Order) -> DownloadState:
    """Ask what a click would meet. Three statements at most; the storage itself is not asked."""
    access = order_access(order)
    if not access.allowed:
        return _closed(access.reason.value)
    if order.is_gift and order.holder_id is None:
        return DownloadState(is_possible=False, sentence=NOT_SENT)
    try:
        granted = find_newest_files(order)
    except AccessDenied as closed:
        return _closed(closed.reason)
    if not granted:
        return DownloadState(is_possible=False, sentence=NO_RELEASE if _has_grant(order) else NOTHING_TO_DOWNLOAD)
    missing = _find_missing(order, granted)
    return say_state([_file_state(file, is_missing=file.file.path in missing) for file in granted])


def say_state(files: Sequence[FileState]) -> DownloadState:
    """Put what is known of each file into one sentence. `files` are one or more."""
    refused = [file for file in files if file.refusal]
    if not refused:
        sentence = f"They can download: {_names(files)}."
    elif len(refused) == len(files):
        sentence = f"They cannot, because {refused[0].filename} {refused[0].refusal}."
    else:
        can = [file for file in files if not file.refusal]
        sentence = f"They can download: {_names(can)}. Not {refused[0].filename}, which {refused[0].refusal}."
    return DownloadState(is_possible=len(refused) < len(files), sentence=sentence, files=tuple(files))


def _names(files: Sequence[FileState]) -> str:
    return files[0].filename if len(files) == 1 else f"{len(files)} files"


def _closed(reason: str) -> DownloadState:
    return DownloadState(is_possible=False, sentence=f"They cannot, because {reason_words(reason)}.")


def _file_state(granted: GrantedFile, *, is_missing: bool) -> FileState:
    return FileState(
        filename=granted.file.filename,
        version=granted.file.version,
        size_bytes=granted.file.size_bytes,
        used=granted.used,
        limit=granted.allowance.limit,
        ends_at=granted.allowance.ends_at,
        refusal="is missing in the shop's storage" if is_missing else _refusal_words(granted),
    )


def _refusal_words(granted: GrantedFile) -> str:
    refusal = find_refusal(granted)
    if refusal is None:
        return ""
    if isinstance(refusal, DownloadLimitReached):
        times = "once" if granted.used == 1 else f"{granted.used} times"
        return f"was downloaded {times}, which is the limit"
    return f"could be downloaded until {granted.allowance.ends_at:%Y-%m-%d %H:%M} UTC only"


def _has_grant(order: Order) -> bool:
    grants = select(Grant.id).join(OrderItem, OrderItem.id == Grant.order_item_id)
    grants = grants.where(OrderItem.order_id == order.id, Grant.kind == GrantKind.DOWNLOAD)
    return db.session.scalar(grants.limit(1)) is not None


def _find_missing(order: Order, granted: Sequence[GrantedFile]) -> set[str]:
    """Return the paths that the storage did not have when somebody asked for them last."""
    paths = [file.file.path for file in granted]
    notices = select(Notice.subject).where(
        Notice.mode == order.mode, Notice.kind == NoticeKind.FILE_MISSING, Notice.subject.in_(paths)
    )
    return set(db.session.scalars(notices.where(Notice.closed_at.is_(None))))
