"""Counts downloads: once per file within an hour, however many parts and retries a program makes of it."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from storefront import clock
from storefront.db import db, transaction
from storefront.downloads.links import GrantedFile
from storefront.downloads.models import Download
from storefront.downloads.rules import WINDOW
from storefront.errors import StorefrontError
from storefront.orders.after_sale import OrderChange
from storefront.orders.lookup import is_named, not_found
from storefront.orders.models import Grant, GrantKind, Order, OrderItem


class DownloadLimitReached(StorefrontError):
    code = "download_limit_reached"
    status = 403
    title = "This file was downloaded as often as it may be"


class DownloadsEnded(StorefrontError):
    code = "downloads_ended"
    status = 403
    title = "The time for downloads is over"


def _mine(granted: GrantedFile) -> ColumnElement[bool]:
    return (Download.grant_id == granted.grant_id) & (Download.release_file_id == granted.file.id)


def _is_running(session: Session, granted: GrantedFile) -> bool:
    """One was counted within the last hour: this request is a part of it."""
    recent = select(Download.id).where(_mine(granted), Download.at > clock.now() - WINDOW).limit(1)
    return session.scalar(recent) is not None


def _demand_room(session: Session, granted: GrantedFile) -> None:
    limit = granted.allowance.limit
    if limit is None:
        return
    used = session.scalar(select(func.count()).select_from(Download).where(_mine(granted))) or 0
    # In this order: what another part of this download counts in between makes it a running one.
    if used >= limit and not _is_running(session, granted):
        times = "once" if limit == 1 else f"{limit} times"
        raise DownloadLimitReached(
            f"{granted.file.filename} was downloaded {times}, which is what this shop allows. "
            "Write to the shop, or have your receipt sent again from your order page: that adds one."
        )


def demand_allowance(granted: GrantedFile) -> None:
    """Before a link is made: nothing is counted.

    Raises:
        DownloadsEnded, DownloadLimitReached: with a sentence that says what to do.
    """
    ends_at = granted.allowance.ends_at
    if ends_at is not None and ends_at <= clock.now():
        raise DownloadsEnded(
            f"Downloads of this order ended on {ends_at:%B} {ends_at.day}, {ends_at.year}. "
            "Write to the shop for more time."
        )
    _demand_room(db.session(), granted)


def count(granted: GrantedFile) -> None:
    """Bytes are about to leave. A part of a download that is running costs nothing; else it is a new one,
    also when it begins in the middle: leaving out the first byte must not make a file free.

    Raises:
        DownloadsEnded, DownloadLimitReached: as above.
    """
    demand_allowance(granted)
    if _is_running(db.session(), granted):
        return
    with transaction() as session:
        session.execute(select(Grant.id).where(Grant.id == granted.grant_id).with_for_update())
        if _is_running(session, granted):
            return
        _demand_room(session, granted)
        session.add(Download(grant_id=granted.grant_id, release_file_id=granted.file.id))


def count_used(grant_ids: Collection[int]) -> dict[tuple[int, int], int]:
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
        session.add(
            OrderChange(order_id=order_id, what="limit_raised", detail=f"{downloads} downloads, {days} days")
        )
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
