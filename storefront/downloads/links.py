"""Which files an order's download grants open now: the releases that exist when somebody looks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from storefront import clock
from storefront.catalog.models import Product, Release, ReleaseFile
from storefront.db import db
from storefront.downloads.rules import Allowance, allowance, is_included
from storefront.errors import AccessDenied, NotFound
from storefront.measurements import ACCESS_DENIALS, measurements
from storefront.orders.access import Access, access, facts_of, item_access
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.web import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedFile:
    id: int
    product_id: int
    release_id: int
    version: str
    notes: str
    published_at: datetime
    update_days: int | None
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedFile:
    """A file under the grant that opens it."""

    file: ReleasedFile
    grant_id: int
    order_id: int
    allowance: Allowance


_COLUMNS = (
    ReleaseFile.id,
    Release.product_id,
    Release.id.label("release_id"),
    Release.version,
    Release.notes,
    Release.published_at,
    Product.update_days,
    ReleaseFile.filename,
    ReleaseFile.content_type,
    ReleaseFile.size_bytes,
    ReleaseFile.sha256,
    ReleaseFile.path,
)


def bought_at(order: Order) -> datetime:
    """When the update window and the days of a download begin."""
    return order.paid_at or order.placed_at


def _files() -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join(Release, Release.id == ReleaseFile.release_id)
        .join(Product, Product.id == Release.product_id)
        .where(Release.published_at <= clock.now(), Release.withdrawn_at.is_(None))
    )


def find_files(product_ids: Iterable[int]) -> list[ReleasedFile]:
    """Published files of these products, newest release first; see `includes`. One statement."""
    rows = db.session.execute(
        _files()
        .where(Release.product_id.in_(list(product_ids)))
        .order_by(Release.published_at.desc(), Release.id.desc(), ReleaseFile.filename)
    ).mappings()
    return [ReleasedFile(**row) for row in rows]


def includes(order: Order, file: ReleasedFile) -> bool:
    return is_included(file.published_at, bought_at=bought_at(order), update_days=file.update_days)


def get_granted_file(order: Order, file_id: int) -> GrantedFile:
    """The file, if one of the order's download grants covers its product and still opens it. Two statements.

    Raises:
        AccessDenied: the order, or every item that grants the file, is closed.
        NotFound: nothing in this order grants it.
    """
    _demand(access(facts_of(order)))
    return _open(_find_granted(Grant.id.is_not(None), OrderItem.order_id == order.id, ReleaseFile.id == file_id))


def get_file_of_grant(grant_id: int, file_id: int) -> GrantedFile:
    """As above, for a link that was made already: asked anew at every hop."""
    return _open(_find_granted(Grant.id == grant_id, ReleaseFile.id == file_id))


def _find_granted(*which: Any) -> list[Row[Any]]:  # noqa: ANN401 - conditions of SQLAlchemy
    rows = db.session.execute(
        _files()
        .add_columns(Order, OrderItem, Grant, Product.download_limit, Product.download_days)
        .join(Grant, Grant.product_id == Release.product_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Grant.kind == GrantKind.DOWNLOAD, Order.mode == settings().mode, *which)
        .order_by(Grant.id)
        .execution_options(populate_existing=True)
    )
    return list(rows.all())


def _open(rows: list[Row[Any]]) -> GrantedFile:
    granted = [
        row
        for row in rows
        if is_included(row.published_at, bought_at=bought_at(row.Order), update_days=row.update_days)
    ]
    if not granted:
        raise NotFound("This file is not part of your order, or not any more. Your order page lists what is.")
    # Of several items that grant it one that is open is enough.
    best = max(granted, key=lambda row: item_access(row.Order, row.OrderItem).allowed)
    _demand(item_access(best.Order, best.OrderItem))
    return GrantedFile(
        file=ReleasedFile(**{column.name: best._mapping[column.name] for column in _COLUMNS}),  # noqa: SLF001 - its public name
        grant_id=best.Grant.id,
        order_id=best.Order.id,
        allowance=allowance(
            limit=best.download_limit,
            days=best.download_days,
            bought_at=bought_at(best.Order),
            extra_downloads=best.Grant.extra_downloads,
            extra_days=best.Grant.extra_days,
        ),
    )


def _demand(found: Access) -> None:
    if not found.allowed:
        measurements().add(ACCESS_DENIALS, found.reason)
        raise AccessDenied(found.sentence)
