"""The customers of orders: made with an order, and locked in the one sequence that cannot deadlock."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storefront.core.db import insert_one
from storefront.customers.models import Customer, email_key, spelling
from storefront.customers.unproven import unproven_key
from storefront.orders.models import Order

_customers = Customer.__table__.c
_KNOWN = (
    select(_customers.id)
    .where(_customers.mode == bindparam("mode"), _customers.email_key == bindparam("email_key"))
    .with_for_update(key_share=True)
)


def ensure_customer(session: Session, *, mode: str, email: str, is_proven: bool = True) -> int:
    """Return the customer's id, as `find_or_add_customer()` does."""
    return find_or_add_customer(session, mode=mode, email=email, is_proven=is_proven).id


@dataclass(frozen=True, slots=True)
class LockedCustomer:
    id: int
    is_new: bool


def find_or_add_customer(session: Session, *, mode: str, email: str, is_proven: bool) -> LockedCustomer:
    """Return the customer, locked until the transaction ends. One who is erased at this moment is made anew.

    Without `is_proven` it is the row beside the customer's, which holds what only typing the address led to.

    FOR NO KEY UPDATE, because a new order holds its customer's key: FOR UPDATE would deadlock. A row that was
    made here nobody else sees before the transaction ends.
    """
    row = {"mode": mode, "email_key": email_key(email) if is_proven else unproven_key(email)}
    while True:
        added_id = insert_one(session, Customer, row | {"email": spelling(email)})
        customer_id = added_id or session.scalar(_KNOWN, row)
        if customer_id is not None:
            return LockedCustomer(customer_id, is_new=added_id is not None)


def lock_customer(session: Session, customer_id: int) -> tuple[Customer, list[Order]]:
    """Lock a customer with all orders, and these first: a convergence locks its order, then its customer.

    Gifts that they received are locked as well. Returned is what they bought.
    While the customer is locked no order is added. Raises NoResultFound for an unknown id.
    """
    orders = select(Order).where((Order.customer_id == customer_id) | (Order.holder_id == customer_id))
    orders = orders.order_by(Order.id).with_for_update().execution_options(populate_existing=True)
    session.scalars(orders).all()
    customer = session.get_one(Customer, customer_id, with_for_update=True, populate_existing=True)
    again = session.scalars(orders).all()  # one may have come in between
    return customer, [order for order in again if order.customer_id == customer_id]


def addresses_of(customer: Customer, orders: Iterable[Order]) -> set[str]:
    """Return all addresses that a customer is known by."""
    return {address for address in (customer.email, *(order.email for order in orders)) if address}
