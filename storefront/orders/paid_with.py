"""How an order was paid, in a buyer's words: `Visa ending in 4242`."""

from storefront.core.texts import marked
from storefront.orders.models import Order
from storefront.orders.waits_for import method_name

# https://docs.stripe.com/api/charges/object, payment_method_details.card.brand
_BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos",
    "jcb": "JCB",
    "link": "Link",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}


def paid_with(order: Order) -> str | None:
    """Return None where nothing was charged. Orders of before have no digits, and erased ones lost them."""
    brand = order.payment_brand
    name = _BRANDS.get(brand) if brand else None
    name = name or method_name(order.payment_method_type)
    if name is None or not order.payment_last4:
        return name
    return marked("%(name)s ending in %(last4)s", name=name, last4=order.payment_last4)
