"""Counts downloads: once per file within its window, however many parts and retries a program makes of it."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.delivery.downloads.granted_files import GrantedFile
from storefront.delivery.downloads.models import Download
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.lookup import is_named, not_found
from storefront.orders.models import Grant, GrantKind, Order, OrderItem


class DownloadLimitReached(StorefrontError):
    code = "download_limit_reached"
    status = 403
    title = "This file was downloaded as often as it may be"


class DownloadsExpired(StorefrontError):
    code = "downloads_ended"
    status = 403
    title = "The time for downloads is over"


def find_refusal(granted: GrantedFile) -> StorefrontError | None:
    """Why this file may not be downloaded any more, in a sentence that says what to do. Nothing is asked."""
    ends_at, limit = granted.allowance.ends_at, granted.allowance.limit
    if ends_at is not None and granted.has_ended:
        return DownloadsExpired(
            f"Downloads of this order ended on {ends_at:%B} {ends_at.day}, {ends_at.year}. "
            "Write to the shop for more time."
        )
    if granted.has_room:
        return None
    times = "once" if limit == 1 else f"{limit} times"
    return DownloadLimitReached(
        f"{granted.file.filename} was downloaded {times}, which is what this shop allows. "
        "Write to the shop: it can allow more."
    )


def require_allowance(granted: GrantedFile) -> None:
    """Before a link is made, or a file is opened: nothing is counted.

    Raises:
        DownloadsExpired, DownloadLimitReached: with a sentence that says what to do.
    """
    refusal = find_refusal(granted)
    if refusal is not None:
        raise refusal


def count(files: Iterable[GrantedFile]) -> None:
    """Bytes are about to leave: all of these are counted, or none. A part of a download that is running costs
    nothing; else it is a new one, also when it begins in the middle: leaving out the first byte must not make a
    file free.

    Raises:
        DownloadsExpired, DownloadLimitReached: as above.
    """
    asked = list(files)
    for each in asked:
        require_allowance(each)
    beginning = [each for each in asked if not each.is_running]
    if not beginning:
        return
    with transaction() as session:
        grant_ids = sorted({each.grant_id for each in beginning})
        session.execute(select(Grant.id).where(Grant.id.in_(grant_ids)).order_by(Grant.id).with_for_update())
        counted = _read_counted(session, grant_ids)
        rows = []
        for each in beginning:
            used, last_at = counted.get((each.grant_id, each.file.id), (0, None))
            now = replace(each, used=used, last_at=last_at)
            require_allowance(now)
            if not now.is_running:
                rows.append({"grant_id": each.grant_id, "release_file_id": each.file.id})
        if rows:
            session.execute(insert(Download), rows)


def _read_counted(session: Session, grant_ids: list[int]) -> dict[tuple[int, int], tuple[int, datetime | None]]:
    """(grant id, file id) -> how often, and when last."""
    rows = session.execute(
        select(Download.grant_id, Download.release_file_id, func.count(), func.max(Download.at))
        .where(Download.grant_id.in_(grant_ids))
        .group_by(Download.grant_id, Download.release_file_id)
    )
    return {(grant_id, file_id): (used, last_at) for grant_id, file_id, used, last_at in rows}


def count_downloads(grant_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """(grant id, file id) -> how often. One statement."""
    rows = db.session.execute(
        select(Download.grant_id, Download.release_file_id, func.count())
        .where(Download.grant_id.in_(list(grant_ids)))
        .group_by(Download.grant_id, Download.release_file_id)
    )
    return {(grant_id, file_id): used for grant_id, file_id, used in rows}


def raise_limit(reference: str, *, downloads: int = 0, days: int = 0) -> int:
    """More of everything in the order so named; returns how many grants that is.

    Raises:
        NotFound: no such order in the running mode.
    """
    with transaction() as session:
        order_id = session.scalar(select(Order.id).where(is_named(reference)))
        if order_id is None:
            raise not_found(reference)
        raised = add_allowance(session, order_id, downloads=downloads, days=days)
        add_change(session, order_id, ChangeKind.LIMIT_RAISED, f"{downloads} downloads, {days} days")
    return raised


def add_allowance(session: Session, order_id: int, *, downloads: int, days: int = 0) -> int:
    """Inside the caller's transaction; also what a receipt that is sent again brings."""
    items = select(OrderItem.id).where(OrderItem.order_id == order_id)
    raised = session.scalars(
        update(Grant)
        .where(Grant.order_item_id.in_(items), Grant.kind == GrantKind.DOWNLOAD)
        .values(extra_downloads=Grant.extra_downloads + downloads, extra_days=Grant.extra_days + days)
        .returning(Grant.id)
        .execution_options(synchronize_session=False)
    )
    return len(raised.all())
