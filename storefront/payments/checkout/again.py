"""Second times: the same thing while a bank debit is pending, and the mail once more."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import aliased

from storefront.buyers.library.purchase import Purchase
from storefront.buyers.library.read_purchase import read_purchase
from storefront.buyers.library.resend import NothingToSend, resend_own
from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.orders.gift_links import gift_token
from storefront.orders.gifts import find_gift
from storefront.orders.links import order_token
from storefront.orders.models import Grant, Order, OrderItem
from storefront.orders.queries import find_order
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import browser_hash
from storefront.shop.cart.cart import CartLine
from storefront.shop.catalog.models import Price

PENDING_DAYS = 14
_WANTED = aliased(Price)


def find_pending_purchase(cart: Iterable[CartLine], *, browser: str, is_gift: bool) -> Purchase | None:
    """Find an order this browser placed that is not paid yet and has an edition of this cart, at whatever price.

    An upgrade to one is not that edition. A gift does not stand for what its giver buys for themselves, nor the
    other way round.
    """
    editions = select(_WANTED.edition_id).where(_WANTED.id.in_([line.price_id for line in cart]))
    order = db.session.scalars(
        select(Order)
        .join(Checkout, Checkout.checkout_session_id == Order.checkout_session_id)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Price, Price.id == OrderItem.price_id)
        .where(
            Checkout.browser_hash == browser_hash(browser),
            Checkout.mode == settings().mode,  # asked of the orders, SQLite begins with all of them
            Order.is_paid.is_(False),
            Order.has_failed.is_(False),
            Order.is_gift.is_(is_gift),
            Order.created_at > clock.now() - timedelta(days=PENDING_DAYS),
            Price.edition_id.in_(editions),
            Price.upgrades_from_id.is_(None),
        )
        .order_by(Order.id.desc())
        .limit(1)
    ).one_or_none()
    return read_purchase(order) if order else None


def find_bought_now(session_id: str) -> int | None:
    """Return the price of one thing that was bought at once; None for a cart, which is filled again."""
    cart = db.session.scalar(
        select(Checkout.cart).where(Checkout.checkout_session_id == session_id, Checkout.is_from_cart.is_(False))
    )
    return cart[0].price_id if cart else None


def is_upgrade(session_id: str) -> bool:
    upgrading = select(Checkout.id).where(
        Checkout.checkout_session_id == session_id, Checkout.upgrades_grant_id.is_not(None)
    )
    return db.session.scalar(upgrading) is not None


def find_upgraded_token(order: Order) -> str | None:
    """Return the link of what an order was to upgrade, for who has the keys of that; None for anybody else."""
    upgraded = db.session.scalars(
        select(Order)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .join(Checkout, Checkout.upgrades_grant_id == Grant.id)
        .where(
            Checkout.checkout_session_id == order.checkout_session_id,
            Order.holder_id == order.customer_id,
            Order.mode == order.mode,
        )
    ).one_or_none()
    if upgraded is None:
        return None
    gift = find_gift(upgraded)
    return order_token(upgraded) if gift is None else gift_token(upgraded, gift)


def bought_lines(purchase: Purchase) -> tuple[CartLine, ...]:
    """Return the lines of an order that the shop knows, as a cart holds them."""
    return tuple(
        CartLine(price_id=item.price_id, quantity=item.quantity) for item in purchase.items if item.price_id
    )


def mail_the_link(session_id: str) -> bool:
    """Mail the receipt again, only to the address that paid, at most once an hour. False: there is none."""
    order = find_order(session_id)
    if order is None or order.total_minor == 0:
        return False  # a free order's mail is sent again by ordering again, once an hour: its page offers no more
    try:
        resend_own(order.id)
    except NothingToSend:
        return False
    return True
