"""Which of Stripe's ways a checkout takes: what the things in it say, where they agree, or else the shop."""

from collections.abc import Iterable

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.runtime import settings

EMBEDDED = "embedded_page"
HOSTED = "hosted_page"
ELEMENTS = "elements"
UI_MODES = {CheckoutUi.EMBEDDED: EMBEDDED, CheckoutUi.HOSTED: HOSTED, CheckoutUi.ELEMENTS: ELEMENTS}


def choose_ui_mode(choices: Iterable[CheckoutUi | None]) -> str:
    """Return Stripe's `ui_mode` for these products' choices; None stands for the shop's."""
    shop = settings().checkout_ui
    wanted = {choice or shop for choice in choices}
    return UI_MODES[wanted.pop() if len(wanted) == 1 else shop]
