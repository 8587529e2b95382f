"""What an order's buyer downloaded, and what they were refused: merged, newest first."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select

from storefront.core.db import db
from storefront.delivery.downloads.models import Download
from storefront.delivery.reason_words import reason_words
from storefront.delivery.refusals import Refusal, Refused, find_refusals
from storefront.orders.models import Grant, Order, OrderItem
from storefront.shop.catalog.models import ReleaseFile

SHOWN = 50
NOT_KNOWN = "Not known"  # with what: before it was kept


class Outcome(StrEnum):
    """How an attempt ended. The values are printed for programs."""

    DOWNLOADED = "downloaded"
    REFUSED = "refused"
    ACTIVATION_REFUSED = "activation_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`subject` is a file, or the last letters of a key; empty for all files and for the order's page.

    A download is one however many parts a program makes of it; refusals alike within an hour are one with `times`.
    """

    at: datetime
    outcome: Outcome
    subject: str
    size_bytes: int | None
    reason: str
    text: str
    client: str
    times: int


def read_attempts(order: Order, *, limit: int = SHOWN) -> tuple[Attempt, ...]:
    """Return the newest so many. Two statements."""
    downloads = find_downloads(OrderItem.order_id == order.id, limit=limit)
    attempts = [*downloads, *map(_refusal, find_refusals(order.id, limit=limit))]
    return tuple(sorted(attempts, key=lambda attempt: attempt.at, reverse=True)[:limit])


def find_downloads(of: ColumnElement[bool], *, limit: int) -> list[Attempt]:
    """Return the newest so many of these items of orders, newest first. One statement."""
    rows = db.session.execute(
        select(Download.at, Download.client, ReleaseFile.filename, ReleaseFile.size_bytes)
        .join(Grant, Grant.id == Download.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(ReleaseFile, ReleaseFile.id == Download.release_file_id)
        .where(of)
        .order_by(Download.at.desc(), Download.id.desc())
        .limit(limit)
    )
    return [
        Attempt(
            at=row.at,
            outcome=Outcome.DOWNLOADED,
            subject=row.filename,
            size_bytes=row.size_bytes,
            reason="",
            text=f"downloaded {row.filename}",
            client=row.client or NOT_KNOWN,
            times=1,
        )
        for row in rows
    ]


def _refusal(row: Refusal) -> Attempt:
    is_download = row.what == Refused.DOWNLOAD
    return Attempt(
        at=row.at,
        outcome=Outcome.REFUSED if is_download else Outcome.ACTIVATION_REFUSED,
        subject=row.subject,
        size_bytes=row.size_bytes,
        reason=row.reason,
        text=_refused_words(row, is_download=is_download),
        client=row.client,
        times=row.times,
    )


def _refused_words(row: Refusal, *, is_download: bool) -> str:
    what = row.subject or "the order" if is_download else f"a device{_named(row.detail)} for {row.subject}"
    times = f", {row.times} times since {row.first_at:%Y-%m-%d %H:%M} UTC" if row.times > 1 else ""
    return f"refused {what}{times}: {reason_words(row.reason)}"


def _named(device: str) -> str:
    return f" “{device}”" if device else ""
