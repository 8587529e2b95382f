"""Whether Stripe asks buyers if the shop may write to them: in the US, with the terms for it agreed to."""

import logging

from storefront.orders.notices import NoticeKind
from storefront.payments.checkout.box import Box

log = logging.getLogger(__name__)

CHECKOUT_SETTINGS = "https://dashboard.stripe.com/settings/checkout"
BOX = Box(NoticeKind.REMINDERS_REFUSED)


def tell_refused() -> None:
    """Say in the log and in the owner's list why nobody is asked. The sale goes on."""
    log.warning("stripe does not ask buyers whether they want emails")
    BOX.tell_refused(
        "Nobody is reminded of an unfinished checkout: Stripe doesn't let your account ask buyers for consent. It "
        f"does for accounts in the US that agreed to the terms of promotional emails at {CHECKOUT_SETTINGS}. "
        "Agree there, or switch reminders off."
    )
