"""Everything that was bought with one address: a page of orders with keys and newest files, in five statements."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Result, Row, func, or_, select

from storefront.buyers.library.purchase import STATES
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.delivery.downloads.granted_files import ReleasedFile, find_files, includes
from storefront.delivery.licenses.models import License
from storefront.orders.access import Access, access, facts_of, item_access
from storefront.orders.lifecycle import order_tokens
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.shop.catalog.models import Product

ORDERS_A_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedFile:
    name: str
    version: str
    size_bytes: int
    sha256: str
    url: str
    downloads_left: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedItem:
    """`keys` and `files` are empty while access is denied; files are of the newest release."""

    description: str
    quantity: int
    access: Access
    keys: tuple[str, ...]
    files: tuple[OwnedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedOrder:
    number: str
    token: str
    placed_at: datetime
    currency: str
    total_minor: int
    access: Access
    state: str
    items: tuple[OwnedItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """One page, newest first; `pages` is at least 1, `count` is of all that match."""

    orders: tuple[OwnedOrder, ...]
    page: int
    pages: int
    count: int


def _matches(customer_id: int, query: str) -> ColumnElement[bool]:
    mine = (Order.customer_id == customer_id) & (Order.mode == settings().mode)
    for word in query.split()[:8]:
        items = select(OrderItem.order_id).outerjoin(Product, Product.id == OrderItem.product_id)
        named = items.where(
            or_(
                OrderItem.description.icontains(word, autoescape=True),
                Product.name.icontains(word, autoescape=True),
            )
        )
        mine &= or_(Order.number.icontains(word, autoescape=True), Order.id.in_(named))
    return mine


def read_owned(customer_id: int, *, query: str = "", page: int = 1) -> Owned:
    """`query` are words of an order's number or of what was bought; all have to match."""
    mine = _matches(customer_id, query if query.isprintable() else "")
    count = db.session.scalar(select(func.count()).select_from(Order).where(mine)) or 0
    pages = max(1, -(-count // ORDERS_A_PAGE))
    page = min(max(1, page), pages)
    orders = db.session.scalars(
        select(Order)
        .where(mine)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(ORDERS_A_PAGE)
        .offset((page - 1) * ORDERS_A_PAGE)
    ).all()
    tokens = order_tokens(orders)
    rows = _read_rows([order.id for order in orders])
    products = {row.product_id for of in rows.values() for row in of if row.kind == GrantKind.DOWNLOAD}
    files = find_files(products) if products else []
    return Owned(
        orders=tuple(_order(order, tokens[order.id], rows[order.id], files) for order in orders),
        page=page,
        pages=pages,
        count=count,
    )


def _read_rows(order_ids: list[int]) -> defaultdict[int, list[Row[Any]]]:
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    if order_ids:
        rows: Result[Any] = db.session.execute(
            select(OrderItem, Grant.kind, Grant.product_id, License.key, License.withdrawn_at)
            .outerjoin(Grant, Grant.order_item_id == OrderItem.id)
            .outerjoin(License, License.grant_id == Grant.id)
            .where(OrderItem.order_id.in_(order_ids))
            .order_by(OrderItem.order_id, OrderItem.position, Grant.ordinal)
        )
        for row in rows:
            found[row.OrderItem.order_id].append(row)
    return found


def _order(order: Order, token: str, rows: list[Row[Any]], files: list[ReleasedFile]) -> OwnedOrder:
    items: dict[int, list[Row[Any]]] = {}
    for row in rows:
        items.setdefault(row.OrderItem.id, []).append(row)
    found = access(facts_of(order))
    return OwnedOrder(
        number=order.number,
        token=token,
        placed_at=order.placed_at,
        currency=order.currency,
        total_minor=order.total_minor,
        access=found,
        state=STATES.get(found.reason, "fulfilled"),
        items=tuple(_item(order, token, of, files) for of in items.values()),
    )


def _item(order: Order, token: str, rows: list[Row[Any]], files: list[ReleasedFile]) -> OwnedItem:
    item: OrderItem = rows[0].OrderItem
    allowed = item_access(order, item)
    products = {row.product_id for row in rows if row.kind == GrantKind.DOWNLOAD}
    mine = [file for file in files if file.product_id in products and includes(order, file)]
    return OwnedItem(
        description=item.description,
        quantity=item.quantity,
        access=allowed,
        keys=tuple(row.key for row in rows if row.key and row.withdrawn_at is None) if allowed.allowed else (),
        files=tuple(_file(token, file) for file in mine if file.release_id == mine[0].release_id)
        if allowed.allowed
        else (),
    )


def _file(token: str, file: ReleasedFile) -> OwnedFile:
    return OwnedFile(
        name=file.filename,
        version=file.version,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        url=f"/downloads/{token}/{file.id}/{file.filename}",
    )
