"""A mailed code opens an order, as long as the order still has the address it was mailed to."""

from storefront.customers.models import email_key
from storefront.customers.proofs import Proof
from storefront.db import db
from storefront.orders.models import Order


def find_proven_order(proof: Proof) -> Order | None:
    order = db.session.get(Order, int(proof.about or 0))
    return order if order is not None and email_key(order.email) == email_key(proof.email) else None
