"""What an order's access stopped goes on when it is given back."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.customers.models import Customer
from storefront.mail.pausing import resume
from storefront.orders.models import Order


def resume_mails(session: Session, order: Order) -> bool:
    """Inside the transaction that changed a fact; safe to repeat, also where nothing opened. True: nudge mails.

    Each mail asks `access()` again before it leaves.
    """
    moved = session.scalars(select(Customer.id).where(Customer.moved_to_id == order.customer_id))
    return resume(session, order.id, [order.customer_id, *moved])
