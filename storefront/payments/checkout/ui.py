"""Which of Stripe's ways a checkout takes: what the things in it say, where they agree, or else the shop."""

from collections.abc import Iterable

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.runtime import settings
from storefront.shop.cart.priced import PricedLine
from storefront.shop.catalog.offers import Offer

EMBEDDED = "embedded_page"
HOSTED = "hosted_page"
ELEMENTS = "elements"
UI_MODES = {CheckoutUi.EMBEDDED: EMBEDDED, CheckoutUi.HOSTED: HOSTED, CheckoutUi.ELEMENTS: ELEMENTS}


def choose_ui_mode(goods: Iterable[PricedLine | Offer]) -> str:
    """Return Stripe's `ui_mode` for these. Only Stripe's own forms can ask a buyer for an amount."""
    things = list(goods)
    shop = settings().checkout_ui
    wanted = {thing.checkout_ui or shop for thing in things}
    way = wanted.pop() if len(wanted) == 1 else shop
    if way is CheckoutUi.ELEMENTS and any(thing.is_chosen for thing in things):
        return EMBEDDED
    return UI_MODES[way]
