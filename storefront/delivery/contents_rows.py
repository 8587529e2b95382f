"""The one statement behind an order's contents, and its rows by what they belong to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, case, select

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.delivery.licenses.models import License
from storefront.orders.models import Grant, ItemPart, OrderItem
from storefront.orders.upgrades import is_upgraded
from storefront.shop.catalog.models import Price, Product
from storefront.shop.catalog.upgrades import has_upgrades
from storefront.shop.translations.read import asked_language, told_in


def read_rows(order_ids: Sequence[int], *, keys_of: Collection[int]) -> defaultdict[int, list[Row[Any]]]:
    """Return a row for each grant, and one for each item or part without any, by the order's id.

    What a bundle hands out itself is there with each of its parts.
    """
    by_order: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    if not order_ids:
        return by_order
    which = {"order_ids": list(order_ids), "keys_of": list(keys_of)}
    for row in db.session.execute(_select_rows(asked_language()), which):
        by_order[row.OrderItem.order_id].append(row)
    return by_order


@cache
def _select_rows(language: Language | None) -> Select[*tuple[Any, ...]]:
    """Build it once for each language: that takes longer than running it."""
    return (
        select(
            OrderItem,
            ItemPart,
            Grant,
            Product.slug.label("product_slug"),
            told_in(Product.name, language).label("product_name"),
            told_in(Product.first_steps, language).label("first_steps"),
            License.id.label("license_id"),
            case((OrderItem.order_id.in_(bindparam("keys_of", expanding=True)), License.key)).label("key"),
            License.activation_limit,
            License.seats,
            License.expires_at,
            License.withdrawn_at,
            License.generation,
            License.label,
            Price.upgrades_from_id,
            is_upgraded(OrderItem.id).label("is_upgraded"),
            has_upgrades(OrderItem.product_id).label("has_upgrades"),
        )
        .outerjoin(ItemPart, ItemPart.order_item_id == OrderItem.id)
        .outerjoin(Grant, (Grant.order_item_id == OrderItem.id) & _is_of_part_or_own())
        .outerjoin(Product, Product.id == Grant.product_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .outerjoin(Price, Price.id == OrderItem.price_id)
        .where(OrderItem.order_id.in_(bindparam("order_ids", expanding=True)))
        .order_by(
            OrderItem.order_id,
            OrderItem.position,
            OrderItem.id,
            ItemPart.position,
            Grant.kind,
            Grant.ordinal,
        )
        .execution_options(populate_existing=True)
    )


def _is_of_part_or_own() -> ColumnElement[bool]:
    of_part = Grant.product_id == ItemPart.product_id
    return ItemPart.id.is_(None) | of_part | (Grant.product_id == OrderItem.product_id)


def group_by_part(rows: Iterable[Row[Any]]) -> dict[ItemPart | None, dict[int, Row[Any]]]:
    """Return the rows by their grants' ids: for each part of a bundle, and for what the item hands out itself."""
    by_part: dict[ItemPart | None, dict[int, Row[Any]]] = {None: {}}
    for row in rows:
        of_part = by_part.setdefault(row.ItemPart, {})
        if row.Grant is not None:
            (by_part[None] if is_own(row) else of_part)[row.Grant.id] = row
    return by_part


def is_own(row: Row[Any]) -> bool:
    """Return whether the item itself hands this out, and no part of a bundle."""
    return row.ItemPart is None or row.Grant.product_id != row.ItemPart.product_id
