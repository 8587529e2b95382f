"""The one reader of what is in an order: its items, what each of them granted, and the keys and files of that."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from storefront.core import clock
from storefront.core.db import db
from storefront.delivery.contents_rows import group_by_part, is_own, read_rows
from storefront.delivery.downloads.granted_files import (
    ReleasedFile,
    find_released_files,
)
from storefront.delivery.downloads.rules import Allowance, allowance, is_included
from storefront.delivery.licenses.issued import IssuedLicense
from storefront.orders.access import Access, Reason, item_access, order_access
from storefront.orders.models import Grant, GrantKind, ItemPart, Order, OrderItem, SoldTerms
from storefront.orders.upgrades import NOT_UPGRADED, UpgradedGrant, find_upgraded, widest


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantContents:
    """`license` is None for a download, and for a key that is still to follow."""

    id: int
    kind: GrantKind
    product_id: int
    product_slug: str
    product_name: str
    first_steps: str  # Markdown, as the owner says it now
    created_at: datetime
    license: IssuedLicense | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDownload:
    """The right to download a product's files: one for each, however many were bought, while access is open."""

    grant_id: int
    product_id: int
    update_days: int | None
    allowance: Allowance


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What an item hands out of one product: its own, or that of one `part` of a bundle.

    `download` and `files` are None and empty while access is denied; files of the newest release come first.
    """

    part: ItemPart | None
    grants: tuple[GrantContents, ...]
    download: OpenDownload | None
    files: tuple[ReleasedFile, ...] = ()

    @property
    def name(self) -> str:
        """Return what a part is called; nothing for the item's own goods."""
        return self.part.description if self.part is not None else ""

    @property
    def downloads_end_at(self) -> datetime | None:
        return self.download.allowance.ends_at if self.download is not None else None

    @property
    def downloads_ended(self) -> bool:
        return self.download is not None and self.download.allowance.has_ended(clock.now())

    @property
    def licenses(self) -> list[IssuedLicense]:
        return [grant.license for grant in self.grants if grant.license is not None]

    @property
    def keys_to_follow(self) -> int:
        """Return for how many license keys there is none yet, whether or not its buyer may have them."""
        return sum(grant.kind is GrantKind.LICENSE and grant.license is None for grant in self.grants)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemContents:
    """`goods` are the item's own, or of a bundle those of its parts, behind its own where it has any.

    `is_upgrade`: it is to upgrade something, paid or not, and has no goods. `is_upgraded`: something of it was.
    `has_upgrades`: its product has editions that may be upgraded to.
    """

    item: OrderItem
    access: Access
    goods: tuple[Goods, ...]
    is_upgrade: bool = False
    is_upgraded: bool = False
    has_upgrades: bool = False

    @property
    def grants(self) -> list[GrantContents]:
        return [grant for goods in self.goods for grant in goods.grants]

    @property
    def licenses(self) -> list[IssuedLicense]:
        return [license_ for goods in self.goods for license_ in goods.licenses]

    @property
    def downloads(self) -> list[OpenDownload]:
        return [goods.download for goods in self.goods if goods.download is not None]

    @property
    def keys_to_follow(self) -> int:
        """Return how many license keys its buyer waits for; 0 while access is denied."""
        return sum(goods.keys_to_follow for goods in self.goods) if self.access.allowed else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderContents:
    """`items` are in the order of Stripe's lines, also those that this shop does not know.

    `access` is that of a refunded order too where refunds closed every item one by one.
    """

    order: Order
    access: Access
    items: tuple[ItemContents, ...]

    @property
    def is_upgrade(self) -> bool:
        """Return whether it was to upgrade something: such a line is alone in its order."""
        return any(item.is_upgrade for item in self.items)

    @property
    def has_closed_items(self) -> bool:
        """Return True where the order is open and a refund closed a part of it, but not all."""
        return self.access.allowed and any(not item.access.allowed for item in self.items)


def read_contents(
    order: Order, *, with_files: bool = True, with_closed_keys: bool = False, is_received: bool = False
) -> OrderContents:
    """Return what is in one order; see `read_all_contents`."""
    received = [order.id] if is_received else []
    found = read_all_contents([order], with_files=with_files, with_closed_keys=with_closed_keys, received=received)
    return found[0]


def read_all_contents(
    orders: Sequence[Order],
    *,
    with_files: bool = True,
    with_closed_keys: bool = False,
    received: Collection[int] = (),
) -> list[OrderContents]:
    """Return what is in each of these orders, as committed now.

    Goods of a gift are for who received it: those of the orders (ids) in `received`. For who paid there are none.

    One statement, and one more for files where a download is open, however many orders, items and grants; another
    where something was upgraded. No statement reads the keys of a closed order, unless the shop's owner asks:
    `with_closed_keys`.
    """
    withheld = set() if with_closed_keys else _for_somebody_else(orders, received)
    readable = {order.id for order in orders if with_closed_keys or order_access(order).allowed}
    rows = read_rows([order.id for order in orders], keys_of=readable - withheld)
    sold = [_order(order, rows[order.id], with_closed_keys=with_closed_keys) for order in orders]
    contents = [_without_goods(each) if each.order.id in withheld else each for each in _upgrade(sold)]
    return _add_files(contents) if with_files else contents


def _for_somebody_else(orders: Iterable[Order], received: Collection[int]) -> set[int]:
    return {order.id for order in orders if order.is_gift and order.id not in received}


def _order(order: Order, rows: Iterable[Row[Any]], *, with_closed_keys: bool) -> OrderContents:
    items = _items(order, rows, with_closed_keys=with_closed_keys)
    return OrderContents(order=order, access=_access(order, items), items=items)


def _access(order: Order, items: Collection[ItemContents]) -> Access:
    access = order_access(order)
    if access.allowed and items and not any(item.access.allowed for item in items):
        return Access(allowed=False, reason=Reason.REFUNDED)
    return access


def _without_goods(contents: OrderContents) -> OrderContents:
    return replace(contents, items=tuple(replace(item, goods=()) for item in contents.items))


def _items(order: Order, rows: Iterable[Row[Any]], *, with_closed_keys: bool) -> tuple[ItemContents, ...]:
    by_item: dict[OrderItem, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_item[row.OrderItem].append(row)
    return tuple(_item(order, item, rows, with_closed_keys=with_closed_keys) for item, rows in by_item.items())


def _item(order: Order, item: OrderItem, rows: Iterable[Row[Any]], *, with_closed_keys: bool) -> ItemContents:
    access = item_access(order, item)
    read = list(rows)
    by_part = group_by_part(read)
    return ItemContents(
        item=item,
        access=access,
        goods=tuple(
            _goods(order, part, granted.values(), is_open=access.allowed, with_closed_keys=with_closed_keys)
            for part, granted in by_part.items()
            if part is not None or granted or len(by_part) == 1
        ),
        is_upgrade=read[0].upgrades_from_id is not None,
        is_upgraded=read[0].is_upgraded,
        has_upgrades=read[0].has_upgrades,
    )


def _goods(
    order: Order, part: ItemPart | None, granted: Iterable[Row[Any]], *, is_open: bool, with_closed_keys: bool
) -> Goods:
    rows = list(granted)
    return Goods(
        part=part,
        grants=tuple(_grant(row, shows_key=is_open or with_closed_keys) for row in rows),
        download=_find_download(order, rows) if is_open else None,
    )


def _find_download(order: Order, granted: Iterable[Row[Any]]) -> OpenDownload | None:
    first = next((row for row in granted if row.Grant.kind is GrantKind.DOWNLOAD), None)
    return _download(order, first) if first is not None else None


def _grant(row: Row[Any], *, shows_key: bool) -> GrantContents:
    return GrantContents(
        id=row.Grant.id,
        kind=row.Grant.kind,
        product_id=row.Grant.product_id,
        product_slug=row.product_slug,
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
        generation=row.generation,
        label=row.label,
    )


def _download(order: Order, row: Row[Any]) -> OpenDownload:
    grant: Grant = row.Grant
    sold: SoldTerms = row.OrderItem if is_own(row) else row.ItemPart
    return OpenDownload(
        grant_id=grant.id,
        product_id=grant.product_id,
        update_days=sold.update_days,
        allowance=allowance(
            limit=sold.download_limit,
            days=sold.download_days,
            bought_at=order.bought_at,
            extra_downloads=grant.extra_downloads,
            extra_days=grant.extra_days,
        ),
    )


def _upgrade(contents: Sequence[OrderContents]) -> list[OrderContents]:
    """Give what was upgraded the limits that it has by now."""
    upgraded_items = {item.item.id for of_order in contents for item in of_order.items if item.is_upgraded}
    if not upgraded_items:
        return list(contents)
    upgraded = find_upgraded(db.session(), upgraded_items)
    return [
        replace(of_order, items=tuple(_upgraded_item(item, upgraded) for item in of_order.items))
        for of_order in contents
    ]


def _upgraded_item(item: ItemContents, upgraded: Mapping[int, UpgradedGrant]) -> ItemContents:
    if not item.is_upgraded:
        return item
    days = [day for each in upgraded.values() if each.item_id == item.item.id for day in each.update_days]
    return replace(item, goods=tuple(_upgraded_goods(goods, upgraded, days) for goods in item.goods))


def _upgraded_goods(goods: Goods, upgraded: Mapping[int, UpgradedGrant], days: Iterable[int | None]) -> Goods:
    download = goods.download
    return replace(
        goods,
        grants=tuple(_upgraded_grant(grant, upgraded.get(grant.id, NOT_UPGRADED)) for grant in goods.grants),
        download=download and replace(download, update_days=widest(download.update_days, days)),
    )


def _upgraded_grant(grant: GrantContents, upgraded: UpgradedGrant) -> GrantContents:
    if grant.license is None or upgraded.last is None:
        return grant
    license_ = replace(
        grant.license,
        activation_limit=widest(grant.license.activation_limit, upgraded.activation_limit),
        seats=widest(grant.license.seats, upgraded.seats),
        edition=upgraded.last.edition,
    )
    return replace(grant, license=license_)


def _add_files(contents: Sequence[OrderContents]) -> list[OrderContents]:
    product_ids = set().union(*map(_downloadable, contents))
    if not product_ids:
        return list(contents)
    files = find_released_files(product_ids)
    return [_with_files(of_order, files) for of_order in contents]


def _downloadable(contents: OrderContents) -> set[int]:
    return {download.product_id for item in contents.items for download in item.downloads}


def _with_files(contents: OrderContents, files: Sequence[ReleasedFile]) -> OrderContents:
    bought_at = contents.order.bought_at
    return replace(contents, items=tuple(_item_with_files(item, files, bought_at) for item in contents.items))


def _item_with_files(item: ItemContents, files: Sequence[ReleasedFile], bought_at: datetime) -> ItemContents:
    goods = (replace(each, files=_open_files(each.download, files, bought_at)) for each in item.goods)
    return replace(item, goods=tuple(goods))


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
