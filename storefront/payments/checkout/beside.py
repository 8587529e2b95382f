"""What Stripe's form offers beside a cart: the products that an owner names with those in it."""

import logging
from collections.abc import Mapping, Sequence

from storefront.core.errors import StripeRefused
from storefront.payments.checkout.ui import ELEMENTS
from storefront.shop.catalog.mirrors import Mirror, ensure_mirrors
from storefront.shop.catalog.offers import find_prices_beside

log = logging.getLogger(__name__)

PARAM = "optional_items"
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


def ensure_beside(cart: Mapping[int, Mirror], ui_mode: str, *, remake: str) -> dict[int, Mirror]:
    """Return what to offer with its prices at Stripe; nothing where Stripe takes one of them no more.

    Raises StripeUnavailable.
    """
    try:
        return ensure_mirrors(find_beside(cart, ui_mode), remake=remake)
    except StripeRefused as error:
        note_refused(error)
        return {}


def is_refused(param: str | None) -> bool:
    """Tell whether what Stripe refused, by the parameter that it names, is what is offered beside the cart."""
    return (param or "").startswith(PARAM)


def note_refused(error: StripeRefused) -> None:
    """Say so in the log. The cart is sold without."""
    log.warning("stripe refused what is offered beside a cart", extra={"why": error.message})
