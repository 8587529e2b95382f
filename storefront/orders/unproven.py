"""Free orders and the customer they belong to: joined by a proof of the address, never by its being typed."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storefront.core.db import db, transaction
from storefront.customers import sign_ins
from storefront.customers.models import Customer
from storefront.customers.unproven import is_unproven, unproven_key
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.lifecycle import ensure_customer
from storefront.orders.models import Grant, Order, OrderItem


def is_order_unproven(order: Order) -> bool:
    """No statement for what was paid: that belongs to its customer at once."""
    if order.total_minor:
        return False
    customer = db.session.get(Customer, order.customer_id)
    return customer is not None and is_unproven(customer)


def has_grants(order_id: int) -> bool:
    """False for a free order of what its address had already: there is nothing in it."""
    ask = (
        select(Grant.id).join(OrderItem, OrderItem.id == Grant.order_item_id).where(OrderItem.order_id == order_id)
    )
    return db.session.scalar(ask.limit(1)) is not None


def claim_order(order_id: int) -> bool:
    """For who has the link of its mail, or is signed in with its address. False where it was theirs already.

    The order is locked before its customer, as everywhere.
    """
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True, populate_existing=True)
        holder = session.get_one(Customer, order.customer_id)
        if not is_unproven(holder) or order.erased_at is not None:
            return False
        order.customer_id = ensure_customer(session, mode=order.mode, email=order.email)
        sign_ins.follow_order(session, order.id, customer_id=order.customer_id)
        add_change(session, order.id, ChangeKind.ADDRESS, "proven by its mail")
    return True


def take_in_unproven(session: Session, customer: Customer) -> bool:
    """All of the address, for who has just proven it and wants it erased. The row beside keeps no address."""
    if not customer.email or is_unproven(customer):
        return False
    mine = (Customer.mode == customer.mode) & (Customer.email_key == unproven_key(customer.email))
    session.execute(
        update(Order)
        .where(Order.customer_id.in_(select(Customer.id).where(mine)))
        .values(customer_id=customer.id)
        .execution_options(synchronize_session=False)
    )
    beside = session.scalars(select(Customer).where(mine).with_for_update()).one_or_none()
    if beside is None:
        return False
    sign_ins.end_all(session, beside.id)
    beside.email, beside.email_key, beside.moved_to_id = "", f"moved:{beside.id}", customer.id
    return True


def count_waiting(customer: Customer) -> int:
    """Free orders with this address that have something in them and were not joined to it."""
    return (
        db.session.scalar(
            select(func.count(Order.id.distinct()))
            .join(Customer, Customer.id == Order.customer_id)
            .join(OrderItem, OrderItem.order_id == Order.id)
            .join(Grant, Grant.order_item_id == OrderItem.id)
            .where(Customer.mode == customer.mode, Customer.email_key == unproven_key(customer.email))
        )
        or 0
    )
