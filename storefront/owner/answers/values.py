"""What the variables of an answer are worth for one order and who reads it, in the language of now."""

from sqlalchemy import select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.languages import _, show_day, show_money
from storefront.core.runtime import absolute_url, settings
from storefront.orders.gift_links import gift_token
from storefront.orders.gifts import find_gift
from storefront.orders.links import order_token
from storefront.orders.models import Order, OrderItem
from storefront.orders.sent_answers import Reader
from storefront.shop.answers.words import BLANKS, FILLED, OF_BUYERS, ORDER_LINK, RECEIPT_LINK
from storefront.shop.emails.editable import Variable
from storefront.shop.profile.read import read_profile
from storefront.shop.profile.zone import at_shop

Values = dict[str, str]


def variables_for(reader: Reader, *, is_paid: bool) -> tuple[Variable, ...]:
    """Return what may stand in an answer. Who received a gift reads nothing of its money."""
    if reader is Reader.RECEIVER:
        return (*FILLED, ORDER_LINK, *BLANKS)
    return (*FILLED, *OF_BUYERS, ORDER_LINK, *((RECEIPT_LINK,) if is_paid else ()), *BLANKS)


def links_of(reader: Reader, *, is_paid: bool) -> tuple[Variable, ...]:
    """Return what still stands in an answer when it is sent, and is filled in when it leaves."""
    named = variables_for(reader, is_paid=is_paid)
    return tuple(each for each in (ORDER_LINK, RECEIPT_LINK) if each in named)


def values_for(order: Order, reader: Reader, email: str) -> Values:
    """Return what is filled in before somebody reads it: no link that opens keys. One statement."""
    found = select(OrderItem.description).where(OrderItem.order_id == order.id).order_by(OrderItem.position)
    bought = ", ".join(dict.fromkeys(db.session.scalars(found)))
    values = shop_values() | {"email": email, "number": order.number, "products": bought, "hello": _("Hello,")}
    return values if reader is Reader.RECEIVER else values | _of_buyer(order)


def _of_buyer(order: Order) -> Values:
    values = {
        "total": show_money(order.total_minor, order.currency),
        "date": show_day(at_shop(order.placed_at)),
        "name": order.name or "",
    }
    return values | ({"hello": _("Hello %(name)s,", name=order.name)} if order.name else {})


def shop_values() -> Values:
    profile = read_profile()
    return {
        "shop": profile.name,
        "shop_url": settings().base_url,
        "support": profile.support_address,
        "library_url": absolute_url("customers.enter_address"),
    }


def link_values(order: Order, reader: Reader) -> Values:
    """Return the links of now, for an email that leaves."""
    gift = find_gift(order) if reader is Reader.RECEIVER else None
    token = order_token(order) if gift is None else gift_token(order, gift)
    url = absolute_url("library.order", token=token)
    return {"order_url": url} | ({"receipt_url": f"{url}/receipt"} if gift is None and order.is_paid else {})


def sample_links() -> Values:
    """Return links that open nothing, for who looks at an answer before it is sent."""
    home = f"{settings().base_url}/"
    return {"order_url": home, "receipt_url": home}


def sample_values(email: str) -> Values:
    """Return values of an order that is not there."""
    return shop_values() | {
        "hello": _("Hello %(name)s,", name="Ada"),
        "name": "Ada",
        "email": email,
        "number": "EXAMPLE",
        "products": "A product of yours",
        "total": show_money(1900, "usd"),
        "date": show_day(at_shop(clock.now())),
    }
