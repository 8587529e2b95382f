"""Counts downloads: once per file within its window, however many parts and retries a program makes of it."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.core.languages import show_day
from storefront.core.texts import marked, marked_count
from storefront.delivery.downloads.granted_files import GrantedFile
from storefront.delivery.downloads.models import Download
from storefront.orders.after_sale import OrderChange
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.lookup import is_named, not_found
from storefront.orders.models import Grant, GrantKind, Order, OrderItem

SAME_WITHIN = timedelta(hours=1)


class DownloadLimitReached(StorefrontError):
    code = "download_limit_reached"
    status = 403
    title = marked("This file was downloaded as often as it may be")


class RaisedBefore(StorefrontError):
    """A form that was sent twice, or by two people."""

    code = "raised_before"
    status = 409
    title = "The limit was raised already"


class DownloadsExpired(StorefrontError):
    code = "downloads_ended"
    status = 403
    title = marked("The time to download has expired")


def find_refusal(granted: GrantedFile) -> StorefrontError | None:
    """Return why this file may not be downloaded any more, with a sentence that says what to do. No statement."""
    ends_at, limit = granted.allowance.ends_at, granted.allowance.limit
    if ends_at is not None and granted.has_ended:
        return DownloadsExpired(
            marked(
                "Downloads of this order ended on %(day)s. Contact the shop for more time.", day=show_day(ends_at)
            )
        )
    if granted.has_room:
        return None
    return DownloadLimitReached(
        marked_count(
            "%(name)s was downloaded once, which is what this shop allows. Contact the shop: it can allow more.",
            "%(name)s was downloaded %(num)d times, which is what this shop allows. Contact the shop: it can "
            "allow more.",
            limit or 0,
            name=granted.file.filename,
        )
    )


def require_allowance(granted: GrantedFile) -> None:
    """Check a file before a link is made, or it is opened. Nothing is counted.

    Raises:
        DownloadsExpired, DownloadLimitReached: with a sentence that says what to do.
    """
    refusal = find_refusal(granted)
    if refusal is not None:
        raise refusal


def count(files: Iterable[GrantedFile], *, client: str) -> None:
    """Count all of these files, or none, before their bytes leave. `client` is what fetches them, in words.

    A part of a download that is running costs nothing. Else it is a new one, also when it begins in the middle:
    leaving out the first byte must not make a file free.

    Raises:
        DownloadsExpired, DownloadLimitReached: with a sentence that says what to do.
    """
    wanted = list(files)
    for granted in wanted:
        require_allowance(granted)
    beginning = [granted for granted in wanted if not granted.is_running]
    if beginning:
        with transaction() as session:
            _count_beginning(session, beginning, client)


def _count_beginning(session: Session, beginning: list[GrantedFile], client: str) -> None:
    """Count those that still have not begun once their grants are locked."""
    locked = _lock_and_recount(session, beginning)
    for granted in locked:
        require_allowance(granted)
    rows = [
        {"grant_id": granted.grant_id, "release_file_id": granted.file.id, "client": client}
        for granted in locked
        if not granted.is_running
    ]
    if rows:
        session.execute(insert(Download), rows)


def _lock_and_recount(session: Session, files: list[GrantedFile]) -> list[GrantedFile]:
    grant_ids = sorted({granted.grant_id for granted in files})
    session.execute(select(Grant.id).where(Grant.id.in_(grant_ids)).order_by(Grant.id).with_for_update())
    counted = _read_counted(session, grant_ids)
    recounted = []
    for granted in files:
        used, last_at = counted.get((granted.grant_id, granted.file.id), (0, None))
        recounted.append(replace(granted, used=used, last_at=last_at))
    return recounted


def _read_counted(session: Session, grant_ids: list[int]) -> dict[tuple[int, int], tuple[int, datetime | None]]:
    """Return how often and when last by (grant id, file id)."""
    rows = session.execute(
        select(Download.grant_id, Download.release_file_id, func.count(), func.max(Download.at))
        .where(Download.grant_id.in_(grant_ids))
        .group_by(Download.grant_id, Download.release_file_id)
    )
    return {(grant_id, file_id): (used, last_at) for grant_id, file_id, used, last_at in rows}


def count_downloads(grant_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """Return how often by (grant id, file id). One statement."""
    rows = db.session.execute(
        select(Download.grant_id, Download.release_file_id, func.count())
        .where(Download.grant_id.in_(list(grant_ids)))
        .group_by(Download.grant_id, Download.release_file_id)
    )
    return {(grant_id, file_id): used for grant_id, file_id, used in rows}


def count_raises(session: Session, order_id: int) -> int:
    """Return how often the limit of an order was raised by hand."""
    raises = select(func.count()).where(
        OrderChange.order_id == order_id, OrderChange.what == ChangeKind.LIMIT_RAISED.value
    )
    return session.scalar(raises) or 0


def raise_limit(reference: str, *, downloads: int = 0, days: int = 0, raises: int | None = None) -> int:
    """Allow more of everything in the order so named; return how many grants that is. Without any nothing changes.

    `raises` is how often that was done when somebody decided on it, so that a form sent twice raises it once. Nor
    do the same numbers raise it within an hour: after Back they stand in a form that was drawn anew. None for a
    command, which has no form and no Back.

    Raises:
        NotFound: no such order in the running mode.
        RaisedBefore: it was done meanwhile; nothing was changed.
    """
    detail = f"{downloads} downloads, {days} days"
    with transaction() as session:
        named = select(Order.id, Order.number).where(is_named(reference)).with_for_update()
        order = session.execute(named).first()
        if order is None:
            raise not_found(reference)
        if raises is not None:
            _check_first_time(session, order, raises, detail)
        raised = add_allowance(session, order.id, downloads=downloads, days=days)
        if not raised:
            return 0
        add_change(session, order.id, ChangeKind.LIMIT_RAISED, detail)
        record(
            session,
            "order.limit_raised",
            subject_kind="order",
            subject=order.number,
            after={"downloads": downloads, "days": days, "grants": raised},
        )
    return raised


def _check_first_time(session: Session, order: Row[int, str], raises: int, detail: str) -> None:
    if raises != count_raises(session, order.id):
        raise RaisedBefore(f"The limit of order {order.number} was raised meanwhile. Nothing more was changed.")
    same = select(OrderChange.id).where(
        OrderChange.order_id == order.id,
        OrderChange.what == ChangeKind.LIMIT_RAISED.value,
        OrderChange.detail == detail,
        OrderChange.at > clock.now() - SAME_WITHIN,
    )
    if session.scalar(same.limit(1)) is not None:
        raise RaisedBefore(
            f"The limit of order {order.number} was raised by the same numbers within the hour already. "
            "Nothing more was changed. To allow more than that now, type another number."
        )


def add_allowance(session: Session, order_id: int, *, downloads: int, days: int = 0) -> int:
    """Allow more inside the caller's transaction; a receipt that is sent again brings that, too."""
    items = select(OrderItem.id).where(OrderItem.order_id == order_id)
    raised = session.scalars(
        update(Grant)
        .where(Grant.order_item_id.in_(items), Grant.kind == GrantKind.DOWNLOAD)
        .values(extra_downloads=Grant.extra_downloads + downloads, extra_days=Grant.extra_days + days)
        .returning(Grant.id)
        .execution_options(synchronize_session=False)
    )
    return len(raised.all())
