"""Which browsers may open an order's page where its owner asks for a mailed code on all others."""

from flask import abort, redirect, session

from storefront.customers.session import find_signed_in
from storefront.orders.lifecycle import get_order_by_token
from storefront.orders.models import Order
from storefront.web import settings

KEY = "orders"
MOST = 50  # a cookie holds 4 KB


def trust_browser(order_id: int) -> None:
    """This browser paid, or proved that it reads the order's mail."""
    known = [kept for kept in session.get(KEY, []) if kept != order_id]
    session[KEY] = [*known[-MOST + 1 :], order_id]
    session.permanent = True


def is_trusted(order: Order) -> bool:
    if not settings().order_page_code or order.id in session.get(KEY, []):
        return True
    customer = find_signed_in()
    return customer is not None and customer.id == order.customer_id


def get_order_here(token: str) -> Order:
    """The order of a link, in a browser that may open it; another one is led to the page that mails a code.

    Raises:
        NotFound: the link is not known.
    """
    order = get_order_by_token(token)
    if not is_trusted(order):
        abort(redirect(f"/orders/{token}/code", 303))
    return order
