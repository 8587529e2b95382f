"""The shop's face on Stripe's form: `branding_settings`, for the form in our page and for Stripe's own page.

https://docs.stripe.com/payments/checkout/customization/appearance
"""

import logging
from typing import Any

from storefront.payments.checkout.ui import ELEMENTS
from storefront.shop.looks.palette import LIGHT_SHEET, SHOPS_OWN
from storefront.shop.looks.type_pairings import TypePairing
from storefront.shop.profile.read import Profile
from storefront.stripe_api.refused_lately import RefusedLately

log = logging.getLogger(__name__)

BRANDING = "branding_settings"
MOST_NAME = 100  # letters; Stripe names no limit, and a name that is too long must not end a sale
# Stripe's own fonts, of which none is loaded by this shop's pages: the nearest to what they are set in.
FONTS = {
    TypePairing.CLASSIC: "default",
    TypePairing.MODERN: "default",
    TypePairing.BOOK: "lora",
    TypePairing.TECHNICAL: "default",
}
REFUSED = RefusedLately("the looks of the form")


def face_of(profile: Profile, ui_mode: str) -> dict[str, Any]:
    """Return it as the entry of a Session's body; nothing for our own form, which wears the shop's stylesheet.

    The logo is left out: Stripe fetches it by its address, which an owner's machine may not have.
    """
    if ui_mode == ELEMENTS:
        return {}
    palette = profile.looks.light
    return {
        BRANDING: {
            "display_name": profile.name[:MOST_NAME],
            "button_color": palette.accent if palette else SHOPS_OWN,
            "background_color": LIGHT_SHEET,
            "border_style": "pill",
            "font_family": FONTS[profile.looks.type_pairing],
        }
    }


def may_be_sent() -> bool:
    """Return False for a while after Stripe refused it to this process: it would refuse it again."""
    return not REFUSED.is_remembered()


def is_refused(param: str | None) -> bool:
    """Tell whether what Stripe refused, by the parameter that it names, is the face."""
    return (param or "").startswith(BRANDING)


def note_refused(message: str) -> None:
    """Say so in the log. The sale goes on in the colors of the Stripe account."""
    log.warning("stripe refused the looks of the form", extra={"why": message})
    REFUSED.note()
