"""What somebody pasted into the search: a number, an address, a key or an id of Stripe's names its orders.

Whatever names orders is a statement that selects their ids by an index.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, and_, or_, select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.customers.models import Customer, email_key
from storefront.customers.unproven import unproven_key
from storefront.delivery.licenses.keys import hashes_of
from storefront.delivery.licenses.models import License, RetiredKey
from storefront.orders.after_sale import Dispute, FraudWarning, Refund
from storefront.orders.models import Grant, Order, OrderItem

MOST_WORDS = 8
AfterSale = type[Refund] | type[Dispute] | type[FraudWarning]
AFTER_SALE: dict[str, AfterSale] = {
    "re": Refund,
    "pyr": Refund,
    "dp": Dispute,
    "du": Dispute,
    "issfr": FraudWarning,
}


def select_of_address(email: str) -> Select[int]:
    """Select the orders of an address in any spelling, also of who only got free things."""
    keys = email_key(email), unproven_key(email)
    customers = select(Customer.id).where(Customer.mode == settings().mode, Customer.email_key.in_(keys))
    return select(Order.id).where(Order.customer_id.in_(customers))


def select_with_product(product_id: int) -> Select[int]:
    return select(OrderItem.order_id).where(OrderItem.product_id == product_id)


def select_of_country(country: str) -> Select[int]:
    return select(Order.id).where(Order.country == country.upper())


def recognize(pasted: str) -> Select[int] | None:
    """Return which orders the text names; None where it names none, and is words to look for.

    A key that was replaced still names its order. One statement for each thing that the text may be.
    """
    for named in _readings(pasted.strip()):
        if db.session.scalar(named.limit(1)) is not None:
            return named
    return None


def has_words(text: str) -> ColumnElement[bool]:
    """Tell of each order whether each of these words is somewhere in its buyer's name or address."""
    words = text.split()[:MOST_WORDS]
    columns = (Order.name, Order.email)
    return and_(*(or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words))


def _readings(text: str) -> Iterator[Select[int]]:
    kind = text.partition("_")[0]
    if kind == "cs":
        yield select(Order.id).where(Order.checkout_session_id == text)
    elif kind == "pi":
        yield select(Order.id).where(Order.payment_intent_id == text)
    elif kind in AFTER_SALE:
        rows = AFTER_SALE[kind]
        yield select(rows.order_id).where(rows.id == text)
    elif "@" in text:
        yield select_of_address(text)
    else:
        yield select(Order.id).where(Order.number == text.upper())
    yield _select_with_key(text)


def _select_with_key(key: str) -> Select[int]:
    hashes = hashes_of(key)
    now = select(License.id).where(License.key_hash.in_(hashes))
    before = select(RetiredKey.license_id).where(RetiredKey.key_hash.in_(hashes))
    return (
        select(OrderItem.order_id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .join(License, License.grant_id == Grant.id)
        .where(License.id.in_(now.union_all(before)))  # an "or" of both takes no index
    )
