"""The email that brings a gift to who receives it, on its day: keys and files, and nothing of money."""

from storefront.buyers.library.read_purchase import read_purchase
from storefront.core.db import db
from storefront.mail.models import OutboxMessage
from storefront.messages.canceled import Canceled, Composed
from storefront.orders.gifts import find_gift
from storefront.orders.models import Order
from storefront.shop.found.mail_face import find_mail_pictures


def compose_gift(message: OutboxMessage) -> Composed:
    order = db.session.get_one(Order, message.order_id)
    gift = find_gift(order)
    db.session.refresh(message, ["recipient"])  # who moves at this moment takes both along
    if gift is None or gift.email != message.recipient:
        return Canceled("the gift goes to another address by now")
    purchase = read_purchase(order, received=gift)
    if not purchase.access_allowed:
        return Canceled(purchase.access_reason, may_return=True)
    pictures = find_mail_pictures(sold.product_id for sold in (*purchase.items, *purchase.goods))
    return {"purchase": purchase, "received": gift, "order_url": purchase.order_url, "pictures": pictures}
