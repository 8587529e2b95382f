"""Which browsers may open an order's page where its owner asks for a mailed code on all others."""

from flask import abort, redirect

from storefront.core.runtime import settings
from storefront.customers.browser_session import is_order_trusted_here, trust_order_here
from storefront.orders.links import get_order_by_token
from storefront.orders.models import Order


def trust_browser(order: Order) -> None:
    """Trust a browser that paid, or proved that it reads the order's emails. Nothing where that is known."""
    customer_id, order_id = order.customer_id, order.id
    if not is_order_trusted_here(customer_id=customer_id, order_id=order_id):
        trust_order_here(customer_id=customer_id, order_id=order_id)


def is_trusted(order: Order) -> bool:
    if not settings().order_page_code:
        return True
    return is_order_trusted_here(customer_id=order.customer_id, order_id=order.id)


def get_order_here(token: str) -> Order:
    """Return the order of a link, in a browser that may open it; another one is led to the page that mails a code.

    Raises:
        NotFound: the link is not known.
    """
    order = get_order_by_token(token)
    if not is_trusted(order):
        abort(redirect(f"/orders/{token}/code", 303))
    return order
