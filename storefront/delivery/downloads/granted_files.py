"""Which files an order's download grants open now: the releases that exist when somebody looks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import AccessDenied, NotFound
from storefront.core.measurements import ACCESS_DENIALS, measurements
from storefront.core.texts import marked
from storefront.delivery.downloads.models import Download
from storefront.delivery.downloads.rules import Allowance, allowance, counting_window, is_included
from storefront.orders.access import Access, item_access, order_access, sentence_for_holder
from storefront.orders.gift_models import Gift, gift_version
from storefront.orders.models import Grant, GrantKind, ItemPart, Order, OrderItem, SoldTerms
from storefront.orders.queries import order_in_running_mode, part_of_grant
from storefront.orders.upgrades import is_upgraded, read_update_days, widest_days
from storefront.shop.catalog.models import Product, Release, ReleaseFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedFile:
    id: int
    product_id: int
    release_id: int
    version: str
    notes: str
    published_at: datetime
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedFile:
    """A file under the grant that opens it, with what was counted of it when this was read."""

    file: ReleasedFile
    grant_id: int
    order_id: int
    token_version: int
    gift_version: int  # of the receiver's link; the first one's where the order is no gift
    allowance: Allowance
    used: int
    last_at: datetime | None

    @property
    def is_running(self) -> bool:
        """One was counted within its window: the next request is a part of it."""
        return self.last_at is not None and self.last_at > clock.now() - counting_window(self.file.size_bytes)

    @property
    def has_ended(self) -> bool:
        return self.allowance.has_ended(clock.now())

    @property
    def has_room(self) -> bool:
        return self.is_running or self.allowance.has_room(self.used)


_COLUMNS = (
    ReleaseFile.id,
    Release.product_id,
    Release.id.label("release_id"),
    Release.version,
    Release.notes,
    Release.published_at,
    ReleaseFile.filename,
    ReleaseFile.content_type,
    ReleaseFile.size_bytes,
    ReleaseFile.sha256,
    ReleaseFile.path,
)


def _files() -> Select[*tuple[Any, ...]]:
    """Select what is published at the parameter `now`."""
    return (
        select(*_COLUMNS)
        .join(Release, Release.id == ReleaseFile.release_id)
        .join(Product, Product.id == Release.product_id)
        .where(Release.published_at <= bindparam("now"), Release.withdrawn_at.is_(None))
    )


def find_released_files(product_ids: Iterable[int]) -> list[ReleasedFile]:
    """Return published files of these products, newest release first, whatever a sale includes. One statement."""
    rows = db.session.execute(
        _select_released(), {"now": clock.now(), "product_ids": list(product_ids)}
    ).mappings()
    return [ReleasedFile(**row) for row in rows]


@cache
def _select_released() -> Select[*tuple[Any, ...]]:
    """Build it once: that takes longer than running it."""
    return (
        _files()
        .where(Release.product_id.in_(bindparam("product_ids", expanding=True)))
        .order_by(Release.published_at.desc(), Release.id.desc(), ReleaseFile.filename)
    )


def get_granted_file(order: Order, file_id: int) -> GrantedFile:
    """Return the file, if a download grant of the order covers its product and still opens it. Two statements.

    Raises:
        AccessDenied: the order, or every item that grants the file, is closed.
        NotFound: nothing in this order grants it.
    """
    _demand(order_access(order), order)
    return _open(_find_granted(Grant.id.is_not(None), OrderItem.order_id == order.id, ReleaseFile.id == file_id))


def get_file_of_grant(grant_id: int, file_id: int) -> GrantedFile:
    """Return the file of a link that was made already; access is asked anew at every hop. Raises AccessDenied."""
    return _open(_find_granted(Grant.id == grant_id, ReleaseFile.id == file_id))


def find_newest_files(order: Order) -> list[GrantedFile]:
    """Return the files of each product's newest release that the order includes and still opens. One statement.

    Raises:
        AccessDenied: nothing in the order is open.
    """
    _demand(order_access(order), order)
    rows = _open_rows(_find_granted(OrderItem.order_id == order.id))
    by_file: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in _of_newest_releases(_included(rows)):
        by_file[row.id].append(row)
    return [_preferred(of_file) for of_file in by_file.values()]


def _of_newest_releases(rows: Iterable[Row[Any]]) -> Iterator[Row[Any]]:
    """Leave out the rows of releases that a newer one of the same product comes before."""
    newest: dict[int, int] = {}
    for row in rows:
        if newest.setdefault(row.product_id, row.release_id) == row.release_id:
            yield row


def _find_granted(*which: Any) -> list[Row[Any]]:  # noqa: ANN401 - conditions of SQLAlchemy
    """Return rows of files and grants, newest release first, and of each file the oldest grant first."""
    counted = (Download.grant_id == Grant.id) & (Download.release_file_id == ReleaseFile.id)
    files = (
        _files()
        .add_columns(
            Order,
            OrderItem,
            ItemPart,
            Grant,
            gift_version().label("gift_version"),
            is_upgraded(OrderItem.id).label("is_upgraded"),
            select(func.count()).select_from(Download).where(counted).scalar_subquery().label("used"),
            select(func.max(Download.at)).where(counted).scalar_subquery().label("last_at"),
        )
        .join(Grant, Grant.product_id == Release.product_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .outerjoin(ItemPart, part_of_grant())
        .outerjoin(Gift, Gift.order_id == Order.id)
        .where(Grant.kind == GrantKind.DOWNLOAD, order_in_running_mode(), *which)
        .order_by(Release.published_at.desc(), Release.id.desc(), ReleaseFile.filename, Grant.id)
        .execution_options(populate_existing=True)
    )
    return list(db.session.execute(files, {"now": clock.now()}).all())


def _included(rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Return the rows whose sale, or an upgrade of it, includes the release. One statement more for upgrades."""
    wanted = list(rows)
    upgraded = read_update_days(db.session(), {row.OrderItem.id for row in wanted if row.is_upgraded})
    return [row for row in wanted if _is_included(row, upgraded)]


def _is_included(row: Row[Any], upgraded: Mapping[int, Iterable[int | None]]) -> bool:
    update_days = widest_days(_sold(row).update_days, row.OrderItem.id, upgraded)
    return is_included(row.published_at, bought_at=row.Order.bought_at, update_days=update_days)


def _sold(row: Row[Any]) -> SoldTerms:
    sold: SoldTerms = row.ItemPart or row.OrderItem
    return sold


def _open(rows: Iterable[Row[Any]]) -> GrantedFile:
    included = _included(rows)
    if not included:
        raise NotFound(
            marked("This file is not part of your order, or not any more. Your order page lists what is.")
        )
    return _preferred(_open_rows(included))


def _open_rows(rows: list[Row[Any]]) -> list[Row[Any]]:
    """Return the rows whose items are open. Raises AccessDenied where there are rows and none of them is."""
    opened = [row for row in rows if item_access(row.Order, row.OrderItem).allowed]
    if rows and not opened:
        _demand(item_access(rows[0].Order, rows[0].OrderItem), rows[0].Order)
    return opened


def _preferred(rows: Iterable[Row[Any]]) -> GrantedFile:
    """Return one of several grants of one file."""
    return max(map(_granted, rows), key=_preference)


def _granted(row: Row[Any]) -> GrantedFile:
    return GrantedFile(
        file=ReleasedFile(**{column.name: row._mapping[column.name] for column in _COLUMNS}),  # noqa: SLF001 - its public name
        grant_id=row.Grant.id,
        order_id=row.Order.id,
        token_version=row.Order.token_version,
        gift_version=row.gift_version,
        allowance=allowance(
            limit=_sold(row).download_limit,
            days=_sold(row).download_days,
            bought_at=row.Order.bought_at,
            extra_downloads=row.Grant.extra_downloads,
            extra_days=row.Grant.extra_days,
        ),
        used=row.used,
        last_at=row.last_at,
    )


def _preference(granted: GrantedFile) -> tuple[bool, bool]:
    """Rank several grants of one file: one that may still be used, and before all the one that is in use."""
    return granted.has_room and not granted.has_ended, granted.is_running


def _demand(access: Access, order: Order) -> None:
    if not access.allowed:
        measurements().add(ACCESS_DENIALS, access.reason)
        raise AccessDenied(sentence_for_holder(order, access), reason=access.reason.value)
