"""Which Checkout Sessions are this shop's: an account may be shared with other shops and with Payment Links."""

from storefront.core.runtime import settings
from storefront.shop.catalog.own_sessions import entries_of_checkout, is_marked
from storefront.shop.catalog.recognized_lines import RecognizedLine, recognize_lines
from storefront.stripe_api.seen import SeenCheckout


def recognize_checkout(seen: SeenCheckout) -> dict[str, RecognizedLine] | None:
    """Return what each line is to us, by its line id; None when the Session is not ours.

    It is ours by our mark on the Session, or by one line that we know or that has our mark. `client_reference_id`
    is never read back: on a Payment Link the buyer can write it.
    """
    if seen.mode != "payment" or seen.livemode != settings().is_live:
        return None
    lines = recognize_lines(seen.lines, frozen=entries_of_checkout(seen.metadata), begun_at=seen.created_at)
    is_ours = is_marked(seen.metadata) or any(line.is_ours for line in lines.values())
    return lines if is_ours else None
