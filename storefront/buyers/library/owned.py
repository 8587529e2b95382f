"""What who is signed in owns already: said on a page that sells it again in a bundle."""

from collections.abc import Collection, Iterable

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.texts import marked
from storefront.customers import signed_in_browsers
from storefront.customers.browser_session import token_here
from storefront.customers.models import Customer, SignIn
from storefront.orders.access import access
from storefront.orders.facts import FACT_COLUMNS, facts_of_row
from storefront.orders.models import Grant, Order, OrderItem


def find_owned(product_ids: Collection[int]) -> set[int]:
    """Return which of these products who is signed in here has, in an order that is open.

    One statement, and none for who is not signed in: such a page is the same for everybody.
    """
    token = token_here()
    if not token or not product_ids:
        return set()
    rows = db.session.execute(
        select(Grant.product_id, *FACT_COLUMNS)
        .select_from(SignIn)
        .join(Customer, Customer.id == SignIn.customer_id)
        .join(Order, (Order.holder_id == Customer.id) & (Order.mode == SignIn.mode))
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .where(
            signed_in_browsers.is_this(token),
            SignIn.order_id.is_(None),
            signed_in_browsers.is_alive(),
            Customer.mode == SignIn.mode,
            Customer.erased_at.is_(None),
            Grant.product_id.in_(list(product_ids)),
        )
    )
    return {row.product_id for row in rows if access(facts_of_row(row)).allowed}


def owned_words(names: Iterable[str]) -> str:
    """Return the sentence about these products of a bundle; nothing where there are none."""
    *others, last = list(dict.fromkeys(names)) or [""]
    if not last:
        return ""
    if not others:
        return marked("You already own %(product)s. The bundle includes it again.", product=last)
    return marked(
        "You already own %(products)s and %(last)s. The bundle includes them again.",
        products=", ".join(others),
        last=last,
    )
