"""Whether a reminder is still true when it is about to leave, and what it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from storefront.buyers.reminders.left import Left, find_left
from storefront.buyers.reminders.readers import claim_turn
from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import absolute_url
from storefront.customers.models import Customer, email_key
from storefront.customers.unproven import find_known, unproven_key
from storefront.orders.models import ItemPart, Order, OrderItem
from storefront.orders.queries import order_in_running_mode
from storefront.payments.checkout.closing import CLOSED
from storefront.payments.checkout.models import Checkout
from storefront.shop.catalog.models import FOR_SALE, Edition, Price, Product
from storefront.shop.profile.reminders import are_reminders_on

CLOCKS = timedelta(hours=1)  # Stripe's and ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """`stop_url` ends the reminders of this address."""

    left: Left
    stop_url: str


def prepare_reminder(session_id: str) -> Reminder | str:
    """Return the reminder of a Session, or why it must not leave. It takes the address's turn of this week."""
    left = find_left(session_id)
    if left is None:
        return "what it tells of was deleted"
    reason = next(_reasons_against(left), None)
    if reason is not None:
        return reason
    token = claim_turn(left.email, left.session_id)
    if token is None:
        return "this address wants no reminders, or had another one within a week"
    return Reminder(left=left, stop_url=absolute_url("reminders.choose", token=token))


def _wants_no_news(email: str) -> bool:
    customer = find_known(email)
    return customer is not None and customer.unsubscribed_at is not None


def _reasons_against(left: Left) -> Iterator[str]:
    if not are_reminders_on():
        yield "reminders are switched off"
    if left.url_expires_at <= clock.now():
        yield "its link has expired"
    if _is_replaced(left):
        yield "another Session took its place"
    if _has_bought(left):
        yield "the same was bought meanwhile"
    if not _is_for_sale(left):
        yield "nothing in it is for sale any more"
    if _wants_no_news(left.email):
        yield "no news are wanted"


def _is_replaced(left: Left) -> bool:
    """Tell whether its checkout has gone on: the cart was changed, or it is paid on another page of Stripe's."""
    if left.checkout_token is None:
        return False
    current = select(Checkout.checkout_session_id).where(Checkout.token == left.checkout_token)
    return db.session.scalar(current) != left.session_id


def _has_bought(left: Left) -> bool:
    """Tell whether an order of this address or this browser has one of these products, or came from the link."""
    in_bundles = select(ItemPart.order_item_id).where(ItemPart.product_id.in_(left.product_ids))
    found = (
        select(Order.id)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .where(
            order_in_running_mode(),
            Order.has_failed.is_(False),
            Order.created_at > left.began_at - CLOCKS,
            OrderItem.product_id.in_(left.product_ids) | OrderItem.id.in_(in_bundles),
            _is_of_address(left.email) | _is_of_browser(left) | (Order.recovered_from == left.session_id),
        )
        .limit(1)
    )
    return db.session.scalar(found) is not None


def _is_of_address(email: str) -> ColumnElement[bool]:
    keys = email_key(email), unproven_key(email)
    return Order.customer_id.in_(select(Customer.id).where(Customer.email_key.in_(keys)))


def _is_of_browser(left: Left) -> ColumnElement[bool]:
    browser = select(Checkout.browser_hash).where(
        Checkout.checkout_session_id == left.session_id, Checkout.browser_hash != CLOSED
    )
    sessions = select(Checkout.checkout_session_id).where(Checkout.browser_hash.in_(browser))
    return Order.checkout_session_id.in_(sessions)


def _is_for_sale(left: Left) -> bool:
    """Tell whether any of it can be bought; at which price does not matter, since the link keeps its own."""
    found = (
        select(Price.id)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Price.id.in_(left.price_ids), Edition.is_active, Product.state.in_(FOR_SALE))
        .limit(1)
    )
    return db.session.scalar(found) is not None
