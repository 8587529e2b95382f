"""What Stripe's form offers beside a cart: the products that an owner names with those in it."""

from collections.abc import Mapping, Sequence

from storefront.payments.checkout.ui import ELEMENTS
from storefront.shop.catalog.mirrors import Mirror
from storefront.shop.catalog.offers import find_prices_beside

MOST_ITEMS = 10  # https://docs.stripe.com/api/checkout/sessions/create, optional_items


def find_beside(cart: Mapping[int, Mirror], ui_mode: str) -> Sequence[int]:
    """Return the ids of prices to offer; none where Stripe takes none. Asks only where a product names some."""
    if ui_mode == ELEMENTS or any(mirror.is_chosen for mirror in cart.values()):
        return ()
    slugs = list(dict.fromkeys(slug for mirror in cart.values() for slug in mirror.offered_beside))
    if not slugs:
        return ()
    currency = next(iter(cart.values())).currency
    return find_prices_beside(slugs, currency, without=cart)[:MOST_ITEMS]
