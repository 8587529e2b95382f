"""Double purchases: paid orders of one address with equal lines within 24 hours, and the notice of each pair."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.customers.models import Customer
from storefront.orders.access import read_access
from storefront.orders.after_sale import Notice
from storefront.orders.models import Order, OrderItem
from storefront.orders.notices import NoticeKind

WINDOW = timedelta(hours=24)
# FOR NO KEY UPDATE: a new order holds its customer's key, so FOR UPDATE would deadlock.
_LOCK = select(Customer.id).where(Customer.id == bindparam("customer_id")).with_for_update(key_share=True)
# Of the table, and ids alone: most find none, and to be ready for entities costs as much as the statement.
_orders = Order.__table__.c
_NEAR = select(_orders.id).where(
    _orders.customer_id == bindparam("customer_id"),
    _orders.id != bindparam("order_id"),
    _orders.is_paid,
    _orders.total_minor > 0,
    _orders.placed_at.between(bindparam("since"), bindparam("until")),
)


def pair_of(number: str, other: str) -> str:
    """Return a notice's subject: the same for both orders."""
    return "+".join(sorted((number, other)))


def find_doubles(session: Session, order: Order, *, is_new: bool) -> list[str]:
    """Return the numbers of the other orders; none for a free one, or a gift.

    One statement where the address bought nothing else. Locks the customer, so that of two orders fulfilled, or
    closed, at once the second sees the first. Who has just made the order (`is_new`) holds that lock.
    """
    if order.total_minor == 0 or not order.email or order.is_gift:
        return []
    if not is_new:
        session.execute(_LOCK, {"customer_id": order.customer_id})
    if not read_access(session, order).allowed:
        return []
    others = _find_near(session, order)
    return _with_same_lines(session, order, others) if others else []


def _with_same_lines(session: Session, order: Order, others: list[Order]) -> list[str]:
    lines = _read_lines(session, [order.id, *(other.id for other in others)])
    return [other.number for other in others if lines[other.id] == lines[order.id]]


def _find_near(session: Session, order: Order) -> list[Order]:
    """Return the customer's other paid and open orders within a day."""
    window = {"since": order.placed_at - WINDOW, "until": order.placed_at + WINDOW}
    ids = session.scalars(_NEAR, window | {"customer_id": order.customer_id, "order_id": order.id}).all()
    others = session.scalars(select(Order).where(Order.id.in_(ids)).order_by(Order.id)) if ids else ()
    return [other for other in others if not other.is_gift and read_access(session, other).allowed]


def settle_pairs(session: Session, order: Order, doubles: Iterable[str]) -> None:
    """Close or open notices of pairs that the other order opened: refunding this one settles them just as well."""
    wanted = {pair_of(order.number, other) for other in doubles}
    notices = session.scalars(
        select(Notice).where(
            Notice.mode == order.mode,
            Notice.kind == NoticeKind.DOUBLE_PURCHASE,
            Notice.order_id != order.id,
            Notice.subject.contains(order.number),
        )
    )
    for notice in notices:
        _settle(notice, is_wanted=notice.subject in wanted)


def _settle(notice: Notice, *, is_wanted: bool) -> None:
    if not is_wanted:
        notice.closed_at = notice.closed_at or clock.now()
    elif notice.closed_at is not None and not notice.is_closed_by_owner:
        notice.closed_at, notice.created_at = None, clock.now()


def _read_lines(session: Session, order_ids: list[int]) -> dict[int, Counter[tuple[str, int]]]:
    """Return what was bought, by our price where we know it, else by Stripe's words; in any order of lines."""
    rows = session.execute(
        select(OrderItem.order_id, OrderItem.price_id, OrderItem.description, OrderItem.quantity).where(
            OrderItem.order_id.in_(order_ids)
        )
    )
    lines: dict[int, Counter[tuple[str, int]]] = {order_id: Counter() for order_id in order_ids}
    for order_id, price_id, description, quantity in rows:
        lines[order_id][str(price_id or description), quantity] += 1
    return lines
