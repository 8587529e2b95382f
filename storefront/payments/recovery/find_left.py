"""Whether an expired Session is one whose buyer may be written to. Nothing of anybody else is kept."""

from collections.abc import Mapping

from storefront.buyers.reminders.left import Left, LeftLine
from storefront.buyers.reminders.readers import has_stopped
from storefront.core import clock
from storefront.core.email_addresses import is_address
from storefront.shop.catalog.own_sessions import CHECKOUT, entries_of_checkout
from storefront.shop.catalog.recognized_lines import RecognizedLine
from storefront.shop.profile.reminders import are_reminders_on
from storefront.stripe_api.seen import SeenCheckout, SeenLine
from storefront.stripe_api.seen_recovery import SeenRecovery


def _may_lead_back(recovery: SeenRecovery) -> bool:
    return recovery.may_write and recovery.expires_at > clock.now()


def _left_line(line: SeenLine, known: RecognizedLine) -> LeftLine:
    return LeftLine(
        description=line.description,
        quantity=line.quantity,
        total_minor=line.total_minor,
        price_id=known.price_id,
        product_id=known.product_id,
    )


def find_left(seen: SeenCheckout, lines: Mapping[str, RecognizedLine]) -> Left | None:
    """Return what was left: expired, with an address, a link that works, and a yes to emails in this very Session.

    None, too, for a copy that such a link has opened: one email for each checkout, not one a day. And for every
    Session while the owner's switch is off, or where the address has ended its reminders.
    """
    recovery, email = seen.recovery, (seen.email or "").strip()
    if seen.status != "expired" or seen.recovered_from is not None or recovery is None:
        return None
    if not (_may_lead_back(recovery) and _may_write_to(email)):
        return None
    return Left(
        session_id=seen.id,
        checkout_token=entries_of_checkout(seen.metadata).get(CHECKOUT),
        email=email,
        url=recovery.url,
        url_expires_at=recovery.expires_at,
        currency=seen.currency,
        total_minor=seen.total_minor,
        lines=tuple(_left_line(line, lines[line.id]) for line in seen.lines),
        began_at=seen.created_at,
        language=seen.locale,
    )


def _may_write_to(email: str) -> bool:
    return is_address(email) and are_reminders_on() and not has_stopped(email)
