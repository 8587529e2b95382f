"""Free orders and the customer they belong to: joined by a proof of the address, never by its being typed."""

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from storefront.core.db import db, transaction
from storefront.customers import signed_in_browsers
from storefront.customers.merging import merge_customer
from storefront.customers.models import Customer
from storefront.customers.unproven import is_unproven, unproven_key
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.customers import ensure_customer
from storefront.orders.models import Grant, Order, OrderItem


def is_order_unproven(order: Order) -> bool:
    """Ask without a statement for what was paid: that belongs to its customer at once."""
    if order.total_minor:
        return False
    customer = db.session.get(Customer, order.customer_id)
    return customer is not None and is_unproven(customer)


def has_grants(order_id: int) -> bool:
    """Return False for a free order of what its address had already: there is nothing in it."""
    grants = select(Grant.id).join(OrderItem, OrderItem.id == Grant.order_item_id)
    return db.session.scalar(grants.where(OrderItem.order_id == order_id).limit(1)) is not None


def claim_order(order_id: int) -> bool:
    """Give an order to who has the link of its mail, or is signed in with its address. False: it was theirs.

    The order is locked before its customer, as everywhere.
    """
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True, populate_existing=True)
        holder = session.get_one(Customer, order.customer_id)
        if not is_unproven(holder) or order.erased_at is not None:
            return False
        order.customer_id = order.holder_id = ensure_customer(session, mode=order.mode, email=order.email)
        signed_in_browsers.follow_order(session, order.id, customer_id=order.customer_id)
        add_change(session, order.id, ChangeKind.ADDRESS, "proven by its mail")
    return True


def take_in_unproven(session: Session, customer: Customer) -> bool:
    """Take in all of an address, for who has just proven it and wants it erased. Return whether there was any."""
    if not customer.email or is_unproven(customer):
        return False
    same_address = _is_unproven_of(customer)
    session.execute(
        update(Order)
        .where(Order.customer_id.in_(select(Customer.id).where(same_address)))
        .values(customer_id=customer.id, holder_id=customer.id)
        .execution_options(synchronize_session=False)
    )
    unproven = session.scalars(select(Customer).where(same_address).with_for_update()).one_or_none()
    if unproven is None:
        return False
    merge_customer(session, unproven, into=customer)
    return True


def _is_unproven_of(customer: Customer) -> ColumnElement[bool]:
    return (Customer.mode == customer.mode) & (Customer.email_key == unproven_key(customer.email))


def count_waiting(customer: Customer) -> int:
    """Count the free orders with this address that have something in them and were not joined to it."""
    return (
        db.session.scalar(
            select(func.count(Order.id.distinct()))
            .join(Customer, Customer.id == Order.customer_id)
            .join(OrderItem, OrderItem.order_id == Order.id)
            .join(Grant, Grant.order_item_id == OrderItem.id)
            .where(_is_unproven_of(customer))
        )
        or 0
    )
