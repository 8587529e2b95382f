"""A yes or a no to news and offers, from the pages that ask. Each is kept with the words that were shown."""

from sqlalchemy import select

from storefront.audit.record import record
from storefront.core.db import db, transaction
from storefront.core.errors import NotFound
from storefront.core.languages import _
from storefront.core.queue import nudge
from storefront.customers.browser_session import get_customer_now
from storefront.customers.models import Customer
from storefront.customers.offers import ConsentPlace, Said, set_offers
from storefront.customers.unproven import find_known, is_unproven
from storefront.orders.models import Order
from storefront.shop.profile.read import read_profile


def offer_words() -> str:
    """Return what stands beside the box, in the language of now."""
    return _(
        "Email me news and offers from %(shop)s. I can stop these emails at any time.", shop=read_profile().name
    )


def say_offers(customer_id: int, place: ConsentPlace, *, agrees: bool, about: str = "") -> bool:
    """Keep what somebody said on a page; return whether it changed anything. Safe to repeat."""
    said = Said(place=place, about=about, words=offer_words() if agrees else "")
    customer_id = get_customer_now(customer_id).id
    with transaction() as session:
        changed = set_offers(session, customer_id, said, agrees=agrees)
    if changed:
        nudge("outbox")
    return changed


def find_wish_of_order(number: str) -> bool | None:
    """Tell whether the buyer of an order wants offers; None where its page does not ask.

    Who only typed an address has not proven that they read it, and is not asked before.
    """
    customer = db.session.scalars(
        select(Customer)
        .join(Order, Order.customer_id == Customer.id)
        .where(Order.number == number, Order.is_gift.is_(False))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if customer is None or customer.erased_at is not None or is_unproven(customer):
        return None
    return customer.wants_offers_since is not None


def stop_offers_of(email: str) -> bool:
    """End them for a buyer who asked the owner to; return whether they came. Only a buyer can say yes.

    Raises:
        NotFound: the address bought nothing.
    """
    customer = find_known(email)
    if customer is None:
        raise NotFound(f"Nobody bought with {email}.")
    customer_id = customer.id
    with transaction() as session:
        changed = set_offers(session, customer_id, Said(place=ConsentPlace.OWNER), agrees=False)
        if changed:
            subject = f"customer {customer_id}"
            record(session, "customer.offers_stopped", subject_kind="customer", subject=subject)
    return changed
