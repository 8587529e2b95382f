"""Two customers become one: the other keeps the orders, and all that the first had means the other."""

from sqlalchemy.orm import Session

from storefront.customers import signed_in_browsers
from storefront.customers.at_stripe import give_up_at_stripe
from storefront.customers.models import Customer
from storefront.customers.offers import merge_offers


def merge_customer(session: Session, customer: Customer, *, into: Customer) -> None:
    """Merge a customer who has no orders any more: it keeps no address, and links in its mails mean the other.

    Cards that it saved are given up, since Stripe moves none to another Customer.
    The other wants no news of releases, and no offers, if one of both wanted none. Inside the caller's
    transaction.
    """
    merge_offers(session, customer, into=into)
    into.unsubscribed_at = into.unsubscribed_at or customer.unsubscribed_at
    customer.email, customer.email_key = "", f"moved:{customer.id}"
    give_up_at_stripe(session, customer.id)
    signed_in_browsers.end_all(session, customer.id)
    customer.moved_to_id = into.id
    session.flush()
