"""Addresses that somebody typed where nothing was paid: a row beside the customer, until they are proven.

So nothing is joined to a customer because a stranger has typed their address.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.customers.models import Customer, email_key

MARK = "unproven:"  # no address has a colon


def unproven_key(email: str) -> str:
    """What stands in `email_key` as long as nobody has proven the address."""
    return MARK + email_key(email)


def is_unproven(customer: Customer) -> bool:
    return customer.email_key.startswith(MARK)


def find_known(email: str) -> Customer | None:
    """The customer, or who only got free things so far."""
    return db.session.scalars(
        select(Customer)
        .where(
            Customer.mode == settings().mode,
            Customer.email_key.in_((email_key(email), unproven_key(email))),
            Customer.erased_at.is_(None),
        )
        .order_by(Customer.email_key == unproven_key(email))
        .limit(1)
    ).one_or_none()


def prove(session: Session, customer: Customer) -> None:
    """After a mailed code or link: who only got free things so far is a customer from now on.

    One who is a customer already stays as they are: their free orders join them one by one, from their own mails.
    """
    if not is_unproven(customer):
        return
    key = email_key(customer.email)
    taken = aliased(Customer)
    is_taken = select(taken.id).where(taken.mode == customer.mode, taken.email_key == key).exists()
    session.execute(
        update(Customer)
        .where(Customer.id == customer.id, ~is_taken)
        .values(email_key=key)
        .execution_options(synchronize_session=False)
    )
