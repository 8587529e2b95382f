"""Which Checkout Sessions are this shop's: an account may be shared with other shops and with Payment Links."""

from storefront.core.runtime import settings
from storefront.shop.catalog import mirrors
from storefront.shop.catalog.mirrors import RecognizedLine
from storefront.stripe_api.seen import SeenCheckout


def find_ours(seen: SeenCheckout) -> dict[str, RecognizedLine] | None:
    """What each line is to us; None when the Session is not ours.

    By our mark on the Session, or by one line we know. `client_reference_id` is never read back.
    """
    if seen.mode != "payment" or seen.livemode != settings().is_live:
        return None
    shop = mirrors.shop_id()
    known = mirrors.recognize_lines(seen.lines, shop=shop)
    is_ours = seen.metadata.get("storefront") == shop or any(line.product_id for line in known.values())
    return known if is_ours else None
