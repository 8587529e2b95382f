"""Items and grants that are missing: what a paid order hands out, made once by the schema's unique keys."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core.db import insert_missing
from storefront.customers.models import Customer, email_key
from storefront.customers.unproven import unproven_key
from storefront.delivery.licenses.issue import find_keyless_grants, issue_keys
from storefront.delivery.licenses.pools.notices import settle_pool_notices
from storefront.orders.access import order_access
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.shop.catalog.models import KeySource, Product
from storefront.shop.catalog.recognized_lines import RecognizedLine
from storefront.stripe_api.seen import SeenCheckout


def add_items(session: Session, order: Order, seen: SeenCheckout, known: dict[str, RecognizedLine]) -> None:
    """Stripe's lines as they are, also those we do not know, with the terms that they are sold with."""
    rows: list[dict[str, Any]] = [
        {
            "order_id": order.id,
            "stripe_line_item_id": line.id,
            "position": position,
            "price_id": known[line.id].price_id,
            "product_id": known[line.id].product_id,
            "description": line.description,
            "quantity": line.quantity,
            "currency": line.currency,
            "subtotal_minor": line.subtotal_minor,
            "discount_minor": line.discount_minor,
            "tax_minor": line.tax_minor,
            "total_minor": line.total_minor,
            **asdict(known[line.id].terms),
        }
        for position, line in enumerate(seen.lines, start=1)
    ]
    insert_missing(session, OrderItem, rows)


def _wanted(item: OrderItem) -> list[dict[str, Any]]:
    """Quantity N is N keys, or one where the terms say so; a download is one however many were bought."""
    keys = 0
    if item.grants_license:
        keys = 1 if item.one_key_per_order_item else item.quantity
    counts = {GrantKind.LICENSE: keys, GrantKind.DOWNLOAD: 1 if item.grants_download else 0}
    return [
        {"order_item_id": item.id, "product_id": item.product_id, "kind": kind, "ordinal": ordinal}
        for kind, count in counts.items()
        for ordinal in range(1, count + 1)
    ]


def _wanted_of_all(items: Iterable[OrderItem]) -> list[dict[str, Any]]:
    return [row for item in items for row in _wanted(item)]


def add_grants(session: Session, order: Order) -> dict[int, Order]:
    """Make every grant of the order, and the key of every license grant as far as imported keys go.

    The same few statements however many lines, and three more for each product with a pool.

    A free product is granted once per address in orders that cost nothing: returns, for each product that is not
    granted again, the order that carries it, so that its receipt is mailed again. Who pays for something gets the
    free line, too: whether the address had it before must not show.

    A refund may come before the first look: an imported key stays in its pool then, and comes if access opens.
    """
    items = session.execute(
        select(OrderItem, Product)
        .join(Product, Product.id == OrderItem.product_id)
        .where(OrderItem.order_id == order.id)
        .order_by(OrderItem.position)
    ).all()
    repeated = _find_repeated(session, order, [item for item, _product in items])
    new = [item for item, _product in items if item.id not in repeated]
    insert_missing(session, Grant, _wanted_of_all(new))
    backordered = sum(delivery.is_open for delivery in issue_keys(session, find_keyless_grants(session, order)))
    settle_pool_notices(session, order.mode, _with_pool(product for _item, product in items))
    if backordered:
        add_change(session, order.id, ChangeKind.BACKORDERED, _in_words(backordered))
    return {product.id: repeated[item.id] for item, product in items if item.id in repeated}


def _find_repeated(session: Session, order: Order, items: Sequence[OrderItem]) -> dict[int, Order]:
    """Item id -> the earlier order of what is free by its price, in an order that costs nothing.

    What a promotion code made free is granted again: the owner gave that code away.
    """
    if order.total_minor != 0 or not order.email:
        return {}
    owned = _find_owned(session, order)
    return {
        item.id: owned[item.product_id]
        for item in items
        if item.subtotal_minor == 0 and item.product_id is not None and item.product_id in owned
    }


def granted_products(session: Session, order: Order) -> set[int]:
    """Return the ids of what this order itself has handed out."""
    rows = session.scalars(
        select(Grant.product_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .where(OrderItem.order_id == order.id)
    )
    return set(rows)


def _find_owned(session: Session, order: Order) -> dict[int, Order]:
    """Product id -> the earlier order of this address with it, proven or not.

    Locks the row of the unproven address: two free orders may race.
    """
    # FOR NO KEY UPDATE: each has inserted an order, which holds the customer's key: FOR UPDATE would deadlock.
    lock = select(Customer.id).where(Customer.id == order.customer_id).with_for_update(key_share=True)
    session.execute(lock)
    known = select(Customer.id).where(
        Customer.mode == order.mode, Customer.email_key.in_((email_key(order.email), unproven_key(order.email)))
    )
    rows = session.execute(
        select(Grant.product_id, Order)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.customer_id.in_(known), Order.id != order.id)
        .order_by(OrderItem.order_id.desc())
    )
    return {product_id: earlier for product_id, earlier in rows if order_access(earlier).allowed}


def _with_pool(products: Iterable[Product]) -> set[int]:
    """Return the ids of those whose keys are imported."""
    return {product.id for product in products if product.grants_license and product.key_source is KeySource.POOL}


def _in_words(count: int) -> str:
    return "1 license key is not in stock" if count == 1 else f"{count} license keys are not in stock"
