"""Whether Stripe shows the box that buyers tick: it refuses while the account has no address of terms."""

import logging

from storefront.orders.notices import NoticeKind
from storefront.payments.checkout.box import Box
from storefront.shop.pages.consent import find_terms_url

log = logging.getLogger(__name__)

PUBLIC_DETAILS = "https://dashboard.stripe.com/settings/public"
BOX = Box(NoticeKind.TERMS_URL_MISSING)


def tell_refused() -> None:
    """Say in the log and in the owner's list what is missing. The sale goes on without the box."""
    log.warning("stripe shows no box for consent: the account has no terms url")
    address = find_terms_url() or "the address of your terms"
    BOX.tell_refused(
        "Buyers are asked to agree to immediate delivery, and Stripe shows no box to tick: your account has no "
        f"terms of service URL. Enter {address} at {PUBLIC_DETAILS}. Until then the words stand above the pay "
        "button, where nobody has to tick anything."
    )
