"""The email that brings a gift to who receives it, on its day: keys and files, and nothing of money.

Nothing about it goes to an address that is not the receiver's any more.
"""

from storefront.buyers.library.read_purchase import read_purchase
from storefront.core.db import db
from storefront.mail.models import OutboxMessage
from storefront.messages.canceled import Canceled, Composed
from storefront.orders.gifts import find_gift
from storefront.orders.models import Order
from storefront.shop.found.mail_face import find_mail_pictures

ELSEWHERE = "the gift goes to another address by now"


def goes_elsewhere(message: OutboxMessage, order: Order) -> bool:
    """Tell whether the order is a gift, and its receiver another one than who this was promised to."""
    gift = find_gift(order)
    if gift is None:
        return False
    db.session.refresh(message, ["recipient"])  # who moves at this moment takes both along
    return gift.email != message.recipient


def compose_gift(message: OutboxMessage) -> Composed:
    order = db.session.get_one(Order, message.order_id)
    gift = find_gift(order)
    if gift is None or goes_elsewhere(message, order):
        return Canceled(ELSEWHERE)
    purchase = read_purchase(order, received=gift)
    if not purchase.access_allowed:
        return Canceled(purchase.access_reason, may_return=True)
    pictures = find_mail_pictures(sold.product_id for sold in (*purchase.items, *purchase.goods))
    return {"purchase": purchase, "received": gift, "order_url": purchase.order_url, "pictures": pictures}
