"""Everything of one address on a page. Keys and devices of orders and received gifts are counted here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storefront.buyers.account.export import nobody
from storefront.core.db import db
from storefront.customers.models import Customer, SignIn, email_key
from storefront.customers.unproven import find_known, is_unproven
from storefront.delivery.licenses.models import Activation, License
from storefront.delivery.licenses.queries import select_sold_licenses
from storefront.orders.models import Order
from storefront.owner.orders.listing import ListedOrder, OrderFilter, OrderPage, find_orders, list_orders

NEWEST = 50


@dataclass(frozen=True, slots=True)
class BuyersBrowser:
    words: str
    since: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """`is_proven` is False for who only got free things by email.

    `orders` are the newest 50 that they bought or that are gifts for them.
    """

    email: str
    since: datetime
    is_proven: bool
    wants_news: bool
    wants_offers_since: datetime | None
    keys: int
    devices: int
    browsers: tuple[BuyersBrowser, ...]
    orders: OrderPage

    def is_received(self, order: ListedOrder) -> bool:
        """Return whether somebody else paid for it: a gift, sent or still to be sent."""
        return order.is_gift and email_key(order.email) != email_key(self.email)


@dataclass(frozen=True, slots=True)
class FoundBuyer:
    """`name` is the one of their newest order that was found."""

    email: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBuyers:
    """`older_than` is the order to go on from, None at the end; `searched_to` is how far it looked."""

    buyers: tuple[FoundBuyer, ...]
    older_than: str | None
    searched_to: datetime | None


def find_buyers(words: str, *, older_than: str = "") -> FoundBuyers:
    """Find buyers by words of a name or an address, or by what names an order of theirs: newest orders first.

    Raises:
        NotFound: there is no order `older_than`.
    """
    page = list_orders(OrderFilter(words=words), older_than=older_than)
    found = {email_key(order.email): FoundBuyer(order.email, order.name) for order in reversed(page.orders)}
    buyers = tuple(buyer for buyer in reversed(found.values()) if buyer.email)
    return FoundBuyers(buyers=buyers, older_than=page.older_than, searched_to=page.searched_to)


def read_buyer(email: str) -> Buyer:
    """Return what belongs to an address, in any spelling of its letters' case.

    Raises:
        NotFound: it bought nothing in the running mode.
    """
    customer = find_known(email)
    if customer is None:
        raise nobody(email)
    keys, devices = _count(customer.id)
    return Buyer(
        email=customer.email,
        since=customer.created_at,
        is_proven=not is_unproven(customer),
        wants_news=customer.unsubscribed_at is None,
        wants_offers_since=customer.wants_offers_since,
        keys=keys,
        devices=devices,
        browsers=_read_browsers(customer),
        orders=find_orders(OrderFilter(email=customer.email), limit=NEWEST),
    )


def _count(customer_id: int) -> tuple[int, int]:
    counts = (
        select_sold_licenses(func.count(func.distinct(License.id)), func.count(func.distinct(Activation.id)))
        .outerjoin(Activation, Activation.license_id == License.id)
        .where(Order.holder_id == customer_id)
    )
    keys, devices = db.session.execute(counts).one()
    return keys, devices


def _read_browsers(customer: Customer) -> tuple[BuyersBrowser, ...]:
    rows = db.session.scalars(
        select(SignIn).where(SignIn.customer_id == customer.id).order_by(SignIn.last_seen_at.desc(), SignIn.id)
    )
    return tuple(BuyersBrowser(row.browser, row.created_at, row.last_seen_at) for row in rows)
