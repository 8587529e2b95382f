"""The one reader of what is in an order: its items, what each of them granted, and the keys and files of that."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, select

from storefront.core.db import db
from storefront.delivery.downloads.granted_files import (
    ReleasedFile,
    find_released_files,
)
from storefront.delivery.downloads.rules import Allowance, allowance, is_included
from storefront.delivery.licenses.models import License
from storefront.orders.access import Access, item_access, order_access
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.shop.catalog.models import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedLicense:
    """`key` is None where access is denied. No limit, no seats and no end are None, too."""

    id: int
    key: str | None
    activation_limit: int | None
    seats: int | None
    expires_at: datetime | None
    withdrawn_at: datetime | None  # by the owner: this key alone


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantContents:
    """`license` is None for a download, and for a key that is still to follow."""

    kind: GrantKind
    product_id: int
    product_name: str
    first_steps: str  # Markdown, as the owner says it now
    created_at: datetime
    license: IssuedLicense | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDownload:
    """The right to download a product's files. An item has one, however many were bought, while access is open."""

    grant_id: int
    product_id: int
    update_days: int | None
    allowance: Allowance


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemContents:
    """`download` and `files` are None and empty while access is denied; files of the newest release come first."""

    item: OrderItem
    access: Access
    grants: tuple[GrantContents, ...]
    download: OpenDownload | None
    files: tuple[ReleasedFile, ...] = ()

    @property
    def licenses(self) -> list[IssuedLicense]:
        return [grant.license for grant in self.grants if grant.license is not None]

    @property
    def keys_to_follow(self) -> int:
        """Return how many license keys its buyer waits for; 0 while access is denied."""
        if not self.access.allowed:
            return 0
        return sum(grant.kind is GrantKind.LICENSE and grant.license is None for grant in self.grants)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderContents:
    """`items` are in the order of Stripe's lines, also those that this shop does not know."""

    order: Order
    access: Access
    items: tuple[ItemContents, ...]

    @property
    def has_closed_items(self) -> bool:
        """Return True where the order is open and a refund closed a part of it."""
        return self.access.allowed and any(not item.access.allowed for item in self.items)


def read_contents(order: Order, *, with_files: bool = True, with_closed_keys: bool = False) -> OrderContents:
    """Return what is in one order; see `read_all_contents`."""
    return read_all_contents([order], with_files=with_files, with_closed_keys=with_closed_keys)[0]


def read_all_contents(
    orders: Sequence[Order], *, with_files: bool = True, with_closed_keys: bool = False
) -> list[OrderContents]:
    """Return what is in each of these orders, as committed now.

    One statement, and one more for files where a download is open, however many orders, items and grants. No
    statement reads the keys of a closed order, unless the shop's owner asks: `with_closed_keys`.
    """
    readable = [order.id for order in orders if with_closed_keys or order_access(order).allowed]
    rows = _read_rows([order.id for order in orders], keys_of=readable)
    contents = [_order(order, rows[order.id], with_closed_keys=with_closed_keys) for order in orders]
    return _add_files(contents) if with_files else contents


def _order(order: Order, rows: Iterable[Row[Any]], *, with_closed_keys: bool) -> OrderContents:
    return OrderContents(
        order=order,
        access=order_access(order),
        items=_items(order, rows, with_closed_keys=with_closed_keys),
    )


def _read_rows(order_ids: Sequence[int], *, keys_of: Sequence[int]) -> defaultdict[int, list[Row[Any]]]:
    """Return a row for each grant, and one for each item without any, by the order's id."""
    by_order: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    if not order_ids:
        return by_order
    rows = db.session.execute(
        select(
            OrderItem,
            Grant,
            Product.name.label("product_name"),
            Product.first_steps,
            License.id.label("license_id"),
            case((OrderItem.order_id.in_(keys_of), License.key)).label("key"),
            License.activation_limit,
            License.seats,
            License.expires_at,
            License.withdrawn_at,
        )
        .outerjoin(Grant, Grant.order_item_id == OrderItem.id)
        .outerjoin(Product, Product.id == Grant.product_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .where(OrderItem.order_id.in_(order_ids))
        .order_by(OrderItem.order_id, OrderItem.position, OrderItem.id, Grant.kind, Grant.ordinal)
        .execution_options(populate_existing=True)
    )
    for row in rows:
        by_order[row.OrderItem.order_id].append(row)
    return by_order


def _items(order: Order, rows: Iterable[Row[Any]], *, with_closed_keys: bool) -> tuple[ItemContents, ...]:
    by_item: dict[OrderItem, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_item[row.OrderItem].append(row)
    return tuple(_item(order, item, rows, with_closed_keys=with_closed_keys) for item, rows in by_item.items())


def _item(order: Order, item: OrderItem, rows: Iterable[Row[Any]], *, with_closed_keys: bool) -> ItemContents:
    access = item_access(order, item)
    granted = [row for row in rows if row.Grant is not None]
    shows_keys = access.allowed or with_closed_keys
    return ItemContents(
        item=item,
        access=access,
        grants=tuple(_grant(row, shows_key=shows_keys) for row in granted),
        download=_find_download(order, granted) if access.allowed else None,
    )


def _find_download(order: Order, granted: Iterable[Row[Any]]) -> OpenDownload | None:
    downloads = (row for row in granted if row.Grant.kind is GrantKind.DOWNLOAD)
    first = next(downloads, None)
    return _download(order, first) if first is not None else None


def _grant(row: Row[Any], *, shows_key: bool) -> GrantContents:
    return GrantContents(
        kind=row.Grant.kind,
        product_id=row.Grant.product_id,
        product_name=row.product_name,
        first_steps=row.first_steps,
        created_at=row.Grant.created_at,
        license=_license(row, shows_key=shows_key) if row.license_id is not None else None,
    )


def _license(row: Row[Any], *, shows_key: bool) -> IssuedLicense:
    return IssuedLicense(
        id=row.license_id,
        key=row.key if shows_key else None,
        activation_limit=row.activation_limit,
        seats=row.seats,
        expires_at=row.expires_at,
        withdrawn_at=row.withdrawn_at,
    )


def _download(order: Order, row: Row[Any]) -> OpenDownload:
    grant: Grant = row.Grant
    return OpenDownload(
        grant_id=grant.id,
        product_id=grant.product_id,
        update_days=row.OrderItem.update_days,
        allowance=allowance(
            limit=row.OrderItem.download_limit,
            days=row.OrderItem.download_days,
            bought_at=order.bought_at,
            extra_downloads=grant.extra_downloads,
            extra_days=grant.extra_days,
        ),
    )


def _add_files(contents: Sequence[OrderContents]) -> list[OrderContents]:
    product_ids = set().union(*map(_downloadable, contents))
    if not product_ids:
        return list(contents)
    files = find_released_files(product_ids)
    return [_with_files(of_order, files) for of_order in contents]


def _downloadable(contents: OrderContents) -> set[int]:
    return {item.download.product_id for item in contents.items if item.download is not None}


def _with_files(contents: OrderContents, files: Sequence[ReleasedFile]) -> OrderContents:
    bought_at = contents.order.bought_at
    items = (replace(item, files=_open_files(item.download, files, bought_at)) for item in contents.items)
    return replace(contents, items=tuple(items))


def _open_files(
    download: OpenDownload | None, files: Iterable[ReleasedFile], bought_at: datetime
) -> tuple[ReleasedFile, ...]:
    if download is None:
        return ()
    return tuple(
        file
        for file in files
        if file.product_id == download.product_id
        and is_included(file.published_at, bought_at=bought_at, update_days=download.update_days)
    )
