"""One thing bought at once: the cart is neither asked nor changed."""

from collections.abc import Sequence

from flask import current_app

from storefront.core.page_addresses import in_language
from storefront.core.texts import marked
from storefront.shop.cart.cart import CartLine, CartRefused, check_quantity
from storefront.shop.catalog.offers import Offer, find_newer, find_offers
from storefront.shop.discounts.rules import Line

CHOSEN_ALONE = marked("You choose what you pay for %(name)s, so it is bought one at a time.")


class NotForSale(CartRefused):
    """`page` is where the thing is shown as it is sold today, or the catalog."""

    def __init__(self, message: str, page: str) -> None:
        super().__init__(message)
        self.page = page


def get_offer(price_id: int) -> Offer:
    """Raises NotForSale: withdrawn, or its price is another one since the page was shown."""
    offer = find_offers([price_id]).get(price_id)
    if offer is None or not offer.has_page:  # price ids are easy to guess: a draft has no name yet
        raise NotForSale(marked("This is not for sale any more. Here is what is."), _path("catalog.catalog"))
    if not offer.is_for_sale:
        raise NotForSale(
            marked(
                "%(product_name)s is not sold at that price any more. Here it is as it is sold today.",
                product_name=offer.product_name,
            ),
            _page_of(offer),
        )
    return offer


def line_of(offer: Offer, quantity: int) -> CartLine:
    """Return so many of it as one line of its own. Raises NotForSale: that many cannot be bought at a time."""
    if offer.is_chosen and quantity > 1:
        raise NotForSale(CHOSEN_ALONE.with_values(name=offer.product_name), product_page(offer.price_id))
    try:
        check_quantity(quantity, is_free=offer.amount_minor == 0)
    except CartRefused as refused:
        raise NotForSale(refused.message, product_page(offer.price_id)) from refused
    return CartLine(price_id=offer.price_id, quantity=quantity)


def as_offered(offer: Offer, quantity: int = 1) -> tuple[Line]:
    """Return what a discount needs to know of so many of it."""
    amount_minor = offer.amount_minor * quantity
    return (Line(product_id=offer.product_id, amount_minor=amount_minor, is_chosen=offer.is_chosen),)


def product_page(price_id: int) -> str:
    """Return where a purchase of one thing began, with the same edition chosen, in the same currency."""
    offer = find_offers([price_id]).get(price_id)
    if offer is None:
        return _path("catalog.catalog")
    if offer.is_upgrade:
        return _path("checkout.leave_upgrade")  # it knows the order's link, which Stripe is not told
    return _page_of(offer)


def _page_of(offer: Offer) -> str:
    """Return the product's page at this price, or at the one that took its place."""
    sold = offer if offer.is_for_sale else find_newer([offer]).get(offer.price_id)
    return _path("catalog.product", slug=offer.slug, edition=sold.price_id if sold else None)


def way_back(cart: Sequence[CartLine], *, is_from_cart: bool, is_gift: bool = False) -> str:
    """Return where a checkout that led to nothing began: the cart, as it was, or the page of the one thing.

    `is_gift` is the page that asks for its words: on the others it would become the buyer's own.
    """
    if is_gift:
        return _path("checkout.gift", price_id=None if is_from_cart else cart[0].price_id)
    return _path("cart.cart") if is_from_cart else product_page(cart[0].price_id)


def _path(endpoint: str, **values: str | int | None) -> str:
    return in_language(current_app.url_map.bind("").build(endpoint, values))
