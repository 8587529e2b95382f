"""The facts that access is computed from: of an order, of one of its items, or of a row of another statement."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, case, func, select

from storefront.orders.models import Decision, Order, OrderItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    is_paid: bool
    has_failed: bool
    is_free: bool
    has_refund: bool
    is_fully_refunded: bool
    is_disputed: bool
    dispute_status: str | None
    decision: Decision
    is_item_refunded: bool = False  # of the one item that is asked about


def facts_of(order: Order) -> Facts:
    return Facts(
        is_paid=order.is_paid,
        has_failed=order.has_failed,
        is_free=order.total_minor == 0,
        has_refund=order.refunded_minor > 0,
        is_fully_refunded=order.refunded_minor >= order.total_minor,
        is_disputed=order.is_disputed,
        dispute_status=order.dispute_status,
        decision=order.decision,
    )


def item_facts(order: Order, item: OrderItem) -> Facts:
    """Return the facts of one line: a refund may name it while the others keep working."""
    return replace(facts_of(order), is_item_refunded=item.is_refunded)


_orders = Order.__table__.c

# The same for statements that join orders and order items without loading them. Columns of tables, because
# columns of entities cost twice as much.
FACT_COLUMNS = (
    _orders.is_paid,
    _orders.has_failed,
    (_orders.total_minor == 0).label("is_free"),
    (_orders.refunded_minor > 0).label("has_refund"),
    (_orders.refunded_minor >= _orders.total_minor).label("is_fully_refunded"),
    _orders.is_disputed,
    _orders.dispute_status,
    _orders.decision,
    OrderItem.__table__.c.is_refunded.label("is_item_refunded"),
)


# Of orders where FACT_COLUMNS has that of an item: whether refunds closed every item, one by one. One look at an
# index for each order that has a refund. Not EXISTS, for which PostgreSQL may read all items there are.
_items = OrderItem.__table__.c
_least_refunded = select(func.min(case((_items.is_refunded, 1), else_=0))).where(_items.order_id == _orders.id)
ALL_ITEMS_REFUNDED = (
    func.coalesce(case((_orders.refunded_minor > 0, _least_refunded.scalar_subquery()), else_=0), 0) == 1
).label(FACT_COLUMNS[-1].name)


def facts_of_row(row: Row[*tuple[Any, ...]]) -> Facts:
    """Return the facts of a row that has `FACT_COLUMNS`."""
    return Facts(
        is_paid=row.is_paid,
        has_failed=row.has_failed,
        is_free=row.is_free,
        has_refund=row.has_refund,
        is_fully_refunded=row.is_fully_refunded,
        is_disputed=row.is_disputed,
        dispute_status=row.dispute_status,
        decision=Decision(row.decision),
        is_item_refunded=row.is_item_refunded,
    )
