"""Addresses that somebody typed where nothing was paid: a row beside the customer, until they are proven.

So nothing is joined to a customer because a stranger has typed their address.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from storefront.core.db import db
from storefront.customers.models import Customer, email_key
from storefront.customers.queries import is_known_customer

MARK = "unproven:"  # no address has a colon


def unproven_key(email: str) -> str:
    """Return what stands in `email_key` as long as nobody has proven the address."""
    return MARK + email_key(email)


def is_unproven(customer: Customer) -> bool:
    return customer.email_key.startswith(MARK)


def find_known(email: str) -> Customer | None:
    """Return the customer, or who only got free things so far."""
    return db.session.scalars(
        select(Customer)
        .where(
            is_known_customer(),
            Customer.email_key.in_((email_key(email), unproven_key(email))),
        )
        .order_by(Customer.email_key == unproven_key(email))
        .limit(1)
    ).one_or_none()


def prove(session: Session, customer: Customer) -> None:
    """Make a customer after a mailed code or link: who only got free things so far is a customer from now on.

    One who is a customer already stays as they are: their free orders join them one by one, from their own mails.
    """
    if not is_unproven(customer):
        return
    key = email_key(customer.email)
    holder = aliased(Customer)
    is_taken = select(holder.id).where(holder.mode == customer.mode, holder.email_key == key).exists()
    session.execute(
        update(Customer)
        .where(Customer.id == customer.id, ~is_taken)
        .values(email_key=key)
        .execution_options(synchronize_session=False)
    )
