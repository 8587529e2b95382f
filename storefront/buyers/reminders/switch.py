"""Reminders on or off, for the owner's page and command."""

from storefront.core.db import transaction
from storefront.orders.notices import NoticeKind, settle_notices
from storefront.shop.profile.reminders import REMINDERS
from storefront.shop.profile.row import write_part


def switch_reminders(*, is_on: bool, shown: dict[str, str] | None = None) -> bool:
    """Return whether that changed anything. It counts for checkouts that begin from now on.

    Off, nothing that waits leaves either, and nothing is open about it.

    Raises:
        StaleSave: somebody else switched it since the form was shown.
    """
    with transaction() as session:
        changed = write_part(session, REMINDERS, {"sends_reminders": is_on}, shown=shown)
        if not is_on:
            settle_notices(session, [], kinds=[NoticeKind.REMINDERS_REFUSED], forgets_done=True)
    return bool(changed)
