"""What language somebody reads, as their orders say."""

from sqlalchemy import case, select

from storefront.core.db import db
from storefront.customers.browser_session import get_customer_now
from storefront.orders.models import Order


def find_language_of(customer_id: int) -> str | None:
    """Return the language of a customer's newest order that has one, else of the newest gift they received."""
    reader_id = get_customer_now(customer_id).id
    is_own = Order.customer_id == reader_id
    newest = (
        select(Order.language)
        .where(is_own | (Order.holder_id == reader_id), Order.language.is_not(None))
        .order_by(case((is_own, 0), else_=1), Order.id.desc())
        .limit(1)
    )
    return db.session.scalar(newest)
