"""What a gift tells each of its two: the giver has no key of it, the receiver nothing of the money."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from storefront.core.db import db
from storefront.delivery.contents import OrderContents, read_all_contents
from storefront.orders.gift_models import Gift
from storefront.orders.models import Order

Json = dict[str, Any]


def read_gifts(orders: Iterable[Order]) -> dict[int, Gift]:
    """Return the gifts by the ids of their orders. No statement where none of them is one."""
    ids = [order.id for order in orders if order.is_gift]
    rows = db.session.scalars(select(Gift).where(Gift.order_id.in_(ids))) if ids else ()
    return {row.order_id: row for row in rows if row.order_id is not None}


def read_received(customer_id: int) -> Sequence[OrderContents]:
    """Return what somebody received, oldest first."""
    orders = db.session.scalars(
        select(Order).where(Order.holder_id == customer_id, Order.is_gift).order_by(Order.placed_at, Order.id)
    ).all()
    return read_all_contents(orders, with_files=False, received=[order.id for order in orders])


def given_to_json(gift: Gift | None) -> Json | None:
    """Return what its giver said; None for an order that is no gift."""
    if gift is None:
        return None
    return {
        "to": gift.email or None,
        "from": gift.from_name,
        "message": gift.message,
        "day_of_delivery": gift.send_on.isoformat(),
        "sent_at": gift.handed_over_at.isoformat() if gift.handed_over_at else None,
    }


def received_to_json(contents: OrderContents, gift: Gift, items: Sequence[Json]) -> Json:
    return {
        "order": contents.order.number,
        "to": gift.email,
        "from": gift.from_name,
        "message": gift.message,
        "received_at": gift.handed_over_at.isoformat() if gift.handed_over_at else None,
        "works": contents.access.allowed,
        "items": list(items),
    }
