"""The newest orders, of everybody or of one address, in every state or in one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.customers.models import Customer, email_key
from storefront.customers.unproven import unproven_key
from storefront.orders.access import Reason, order_access
from storefront.orders.models import Order
from storefront.orders.queries import order_in_running_mode

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrder:
    """`state` is the reason that `access()` gives."""

    number: str
    placed_at: datetime
    email: str
    currency: str
    total_minor: int
    refunded_minor: int
    state: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    orders: tuple[ListedOrder, ...]
    more: int


def find_newest(*, limit: int, email: str | None = None, state: Reason | None = None) -> Newest:
    """Find orders of the running mode. Two statements; with a state one that reads every order's facts.

    The state is never stored and has one rule, in Python: no second one in SQL could come to differ.
    """
    orders_newest_first = (
        select(Order).where(order_in_running_mode()).order_by(Order.placed_at.desc(), Order.id.desc())
    )
    if email is not None:
        keys = email_key(email), unproven_key(email)
        customer_ids = select(Customer.id).where(Customer.mode == settings().mode, Customer.email_key.in_(keys))
        orders_newest_first = orders_newest_first.where(Order.customer_id.in_(customer_ids))
    if state is not None:
        return _find_in_state(orders_newest_first, state, limit)
    orders = [_listed(order) for order in db.session.scalars(orders_newest_first.limit(limit))]
    count = db.session.scalar(select(func.count()).select_from(orders_newest_first.order_by(None).subquery())) or 0
    return Newest(orders=tuple(orders), more=count - len(orders))


def _find_in_state(newest_first: Select[Order], state: Reason, limit: int) -> Newest:
    orders: list[ListedOrder] = []
    count = 0
    for order in db.session.scalars(newest_first.execution_options(yield_per=BATCH)):
        if order_access(order).reason is state:
            count += 1
            if len(orders) < limit:
                orders.append(_listed(order))
    return Newest(orders=tuple(orders), more=count - len(orders))


def _listed(order: Order) -> ListedOrder:
    return ListedOrder(
        number=order.number,
        placed_at=order.placed_at,
        email=order.email,
        currency=order.currency,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        state=order_access(order).reason,
    )
