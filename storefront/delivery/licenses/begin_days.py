"""Lets the days of keys begin anew: a gift's belong to who receives it, however long it waited."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.terms import license_terms
from storefront.orders.models import Grant, ItemPart, Order, OrderItem
from storefront.orders.queries import part_of_grant
from storefront.orders.terms import sold_terms


def begin_days(session: Session, order: Order, starts_at: datetime) -> None:
    """Give each key of an order all its days from then on; what ends later stays, as after the owner extended it.

    Inside the caller's transaction, with the order locked. Two statements at most.
    """
    rows = session.execute(
        select(License.id, License.expires_at, OrderItem, ItemPart)
        .join(Grant, Grant.id == License.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .outerjoin(ItemPart, part_of_grant())
        .where(OrderItem.order_id == order.id, License.expires_at.is_not(None))
        .order_by(License.id)
        .with_for_update(of=License)
    ).all()
    later = [
        {"id": license_id, "expires_at": ends_at}
        for license_id, expires_at, item, part in rows
        if (ends_at := _end_of(item, part, starts_at)) and expires_at and ends_at > expires_at
    ]
    if later:
        session.execute(update(License), later)


def _end_of(item: OrderItem, part: ItemPart | None, starts_at: datetime) -> datetime | None:
    return license_terms(sold_terms(part or item), quantity=item.quantity, starts_at=starts_at).expires_at
