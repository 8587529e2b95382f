"""Which orders an open dispute needs as evidence: the disputed one, and what it upgraded something of."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from storefront.orders.after_sale import Dispute
from storefront.orders.disputes import SETTLED_STATUSES
from storefront.orders.models import Order, OrderItem, Upgrade
from storefront.orders.upgrades import COUNTED

# One of a status that nobody knows is open.
_IS_OPEN = Dispute.status.not_in(SETTLED_STATUSES)


def is_in_no_dispute(order_id: InstrumentedAttribute[Any], *path: ColumnElement[bool]) -> ColumnElement[bool]:
    """Select whether no open dispute needs an order, to which `path` leads from the row in question.

    Two `NOT EXISTS`: PostgreSQL joins each once, and would look up a `NOT (… OR …)` for every row.
    """
    paid, sold = aliased(OrderItem), aliased(OrderItem)
    upgrade = (
        Upgrade.upgraded_item_id == sold.id,
        Upgrade.state.in_(COUNTED),
        paid.id == Upgrade.order_item_id,
        Dispute.order_id == paid.order_id,
    )
    return and_(
        ~exists().where(_IS_OPEN, Dispute.order_id == order_id, *path),
        ~exists().where(_IS_OPEN, sold.order_id == order_id, *upgrade, *path),
    )


def find_in_dispute(session: Session, order_ids: Collection[int]) -> str | None:
    """Return the number of an order in an open dispute that needs one of these."""
    sold = select(OrderItem.id).where(OrderItem.order_id.in_(order_ids))
    upgrades = (
        select(OrderItem.order_id)
        .join(Upgrade, Upgrade.order_item_id == OrderItem.id)
        .where(Upgrade.upgraded_item_id.in_(sold), Upgrade.state.in_(COUNTED))
    )
    return session.scalars(
        select(Order.number)
        .join(Dispute, Dispute.order_id == Order.id)
        .where(_IS_OPEN, or_(Order.id.in_(order_ids), Order.id.in_(upgrades)))
        .order_by(Order.id)
        .limit(1)
    ).first()
