"""Which files an order's download grants open now: the releases that exist when somebody looks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from storefront import clock
from storefront.catalog.models import Release, ReleaseFile
from storefront.db import db
from storefront.errors import AccessDenied, NotFound
from storefront.measurements import ACCESS_DENIALS, measurements
from storefront.orders.access import Access, access, facts_of, item_access
from storefront.orders.models import Grant, GrantKind, Order, OrderItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedFile:
    id: int
    product_id: int
    version: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    path: str


_COLUMNS = (
    ReleaseFile.id,
    Release.product_id,
    Release.version,
    ReleaseFile.filename,
    ReleaseFile.content_type,
    ReleaseFile.size_bytes,
    ReleaseFile.sha256,
    ReleaseFile.path,
)


def _files() -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).join(Release, Release.id == ReleaseFile.release_id)


def find_files(product_ids: Iterable[int]) -> list[ReleasedFile]:
    """Published files of these products, newest release first. One statement."""
    rows = db.session.execute(
        _files()
        .where(Release.product_id.in_(list(product_ids)), Release.published_at <= clock.now())
        .order_by(Release.published_at.desc(), ReleaseFile.filename)
    ).mappings()
    return [ReleasedFile(**row) for row in rows]


def get_granted_file(order: Order, file_id: int) -> ReleasedFile:
    """The file, if one of the order's download grants covers its product and still opens it. Two statements.

    Raises:
        AccessDenied: the order, or every item that grants the file, is closed.
        NotFound: nothing in this order grants it.
    """
    _demand(access(facts_of(order)))
    rows = (
        db.session.execute(
            _files()
            .add_columns(OrderItem)
            .join(Grant, Grant.product_id == Release.product_id)
            .join(OrderItem, OrderItem.id == Grant.order_item_id)
            .where(
                OrderItem.order_id == order.id,
                Grant.kind == GrantKind.DOWNLOAD,
                ReleaseFile.id == file_id,
                Release.published_at <= clock.now(),
            )
        )
        .mappings()
        .all()
    )
    if not rows:
        raise NotFound("This file is not part of your order any more. Your order page lists what is.")
    # Of several items that grant it one that is open is enough.
    _demand(max((item_access(order, row["OrderItem"]) for row in rows), key=lambda found: found.allowed))
    return ReleasedFile(**{column.name: rows[0][column.name] for column in _COLUMNS})


def _demand(found: Access) -> None:
    if not found.allowed:
        measurements().add(ACCESS_DENIALS, found.reason)
        raise AccessDenied(found.sentence)
