"""Which of Stripe's ways a checkout takes: what the things in it say, where they agree, or else the shop."""

from collections.abc import Iterable

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.runtime import settings

EMBEDDED = "embedded_page"
HOSTED = "hosted_page"
ELEMENTS = "elements"
UI_MODES = {CheckoutUi.EMBEDDED: EMBEDDED, CheckoutUi.HOSTED: HOSTED, CheckoutUi.ELEMENTS: ELEMENTS}


def choose_ui_mode(choices: Iterable[CheckoutUi | None], *, is_amount_chosen: bool = False) -> str:
    """Return Stripe's `ui_mode` for these products' choices; None stands for the shop's.

    Stripe's fields have none for an amount that the buyer chooses: its whole form has.
    """
    shop = settings().checkout_ui
    wanted = {choice or shop for choice in choices}
    ui_mode = UI_MODES[wanted.pop() if len(wanted) == 1 else shop]
    return EMBEDDED if is_amount_chosen and ui_mode == ELEMENTS else ui_mode
