"""Reminders as the owner's page shows them: the switch, what stands in the way, and what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from storefront.buyers.reminders.figures import ReminderFigures, read_figures
from storefront.orders.notices import NoticeKind, list_open_notices
from storefront.shop.editor.stale import digest_of
from storefront.shop.profile.reminders import are_reminders_on


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersPart:
    """`trouble` is why Stripe asks nobody; empty where it does, or was not asked. `shown` is for the form."""

    is_on: bool
    shown: dict[str, str]
    trouble: str
    figures: ReminderFigures


def read_reminders(shown_before: Mapping[str, str]) -> RemindersPart:
    """Return the part as committed now. `shown_before` are the digests of a form that was refused."""
    is_on = are_reminders_on()
    trouble = (notice.text for notice in list_open_notices() if notice.kind == NoticeKind.REMINDERS_REFUSED)
    return RemindersPart(
        is_on=is_on,
        shown={"sends_reminders": digest_of(is_on)} | dict(shown_before),
        trouble=next(trouble, ""),
        figures=read_figures(),
    )
