"""Notes which downloads were refused, of which order and why, on the way out of a view. Costs nothing else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import request
from sqlalchemy import select

from storefront.core.db import db
from storefront.core.errors import AccessDenied, StorefrontError
from storefront.customers.browser_words import client_words
from storefront.delivery.downloads.tickets import read_ticket
from storefront.delivery.refusals import Refused, note_refusal
from storefront.orders.gift_links import find_known_gift_link
from storefront.orders.gift_models import Gift, gift_version
from storefront.orders.links import find_known_link
from storefront.orders.models import Grant, Order, OrderItem
from storefront.orders.queries import order_in_running_mode
from storefront.shop.catalog.models import ReleaseFile

WRONG_ADDRESS = "not_found"
OLD_LINK = "old_link"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for; `file_id` is None for everything in one file, and for the order's page.

    `is_old_link`: by a link that a newer one took the place of.
    """

    order_id: int
    file_id: int | None
    is_old_link: bool = False


def client_here() -> str:
    """Return what asks, in words: "Firefox on Windows". Nothing else of it is kept."""
    return client_words(request.headers.get("User-Agent", ""))


@contextmanager
def refusals_noted(asked: Callable[[], Asked | None]) -> Iterator[None]:
    """Note a refusal and raise it on. `asked` is only called then, and says None where no order is concerned."""
    try:
        yield
    except StorefrontError as error:
        concerned = asked()
        if concerned is not None:
            _note(concerned, error)
        raise


def by_link(token: str, file_id: int | None) -> Asked | None:
    """Return the order of a link, also of one that opens nothing any more."""
    link = find_known_link(token) or find_known_gift_link(token)
    return Asked(link.order_id, file_id, link.is_old) if link is not None else None


def by_ticket(ticket: str) -> Asked | None:
    read = read_ticket(ticket)
    if read is None:
        return None
    row = db.session.execute(
        select(Order.id, Order.token_version, gift_version().label("gift_version"))
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .outerjoin(Gift, Gift.order_id == Order.id)
        .where(Grant.id == read.grant_id, order_in_running_mode())
    ).first()
    if row is None:
        return None
    return Asked(row.id, read.file_id, is_old_link=not read.is_of(row.token_version, row.gift_version))


def _note(asked: Asked, error: StorefrontError) -> None:
    reason = OLD_LINK if asked.is_old_link else _reason(error)
    name, size_bytes = ("", None) if reason == WRONG_ADDRESS else _find_file(asked.file_id)
    note_refusal(
        asked.order_id, Refused.DOWNLOAD, reason, client=client_here(), subject=name, size_bytes=size_bytes
    )


def _reason(error: StorefrontError) -> str:
    return error.reason if isinstance(error, AccessDenied) and error.reason else error.code


def _find_file(file_id: int | None) -> tuple[str, int | None]:
    row = db.session.execute(
        select(ReleaseFile.filename, ReleaseFile.size_bytes).where(ReleaseFile.id == file_id)
    ).first()
    return (row.filename, row.size_bytes) if row is not None else ("", None)
