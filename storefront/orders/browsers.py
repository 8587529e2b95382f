"""Which browsers may open an order's page where its owner asks for a mailed code on all others."""

from flask import abort, redirect

from storefront.core.errors import AccessDenied
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.customers.browser_session import is_order_trusted_here, trust_order_here
from storefront.orders.gift_links import Opened, open_by_token
from storefront.orders.links import get_order_by_token
from storefront.orders.models import Order

WITH_RECEIVER = marked("This order is a gift. Its keys and downloads are for who receives it.")


def trust_browser(opened: Opened) -> None:
    """Trust a browser that paid, or proved that it reads the order's emails. Nothing where that is known."""
    customer_id, order_id = opened.reader_id, opened.order.id
    if not is_order_trusted_here(customer_id=customer_id, order_id=order_id):
        trust_order_here(customer_id=customer_id, order_id=order_id)


def is_trusted(opened: Opened) -> bool:
    if not settings().order_page_code:
        return True
    return is_order_trusted_here(customer_id=opened.reader_id, order_id=opened.order.id)


def get_order_here(token: str) -> Order:
    """Return the order of who paid for it, in a browser that may open it; another is led to the page with a code.

    Raises:
        NotFound: the link is not known, or is a gift's.
    """
    return _demand_trusted(Opened(get_order_by_token(token)), token).order


def open_here(token: str) -> Opened:
    """Return what a link opens, for who paid or for who received it; as `get_order_here`."""
    return _demand_trusted(open_by_token(token), token)


def get_goods_here(token: str) -> Order:
    """Return the order whose keys and files a link may hand out; as `get_order_here`.

    Raises:
        AccessDenied: the order is a gift, and this is the link of who paid.
    """
    opened = open_here(token)
    if opened.order.is_gift and opened.gift is None:
        raise AccessDenied(WITH_RECEIVER, reason="gift")
    return opened.order


def _demand_trusted(opened: Opened, token: str) -> Opened:
    if not is_trusted(opened):
        abort(redirect(f"/orders/{token}/code", 303))
    return opened
