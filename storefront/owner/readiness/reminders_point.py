"""Reminders on the list: whether Stripe asks the buyers, and where nobody is asked."""

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.owner.readiness.facts import Facts
from storefront.owner.readiness.point import Point, State
from storefront.payments.checkout.news_box import CHECKOUT_SETTINGS

TERMS = (
    f"Agree to the terms of promotional emails at {CHECKOUT_SETTINGS}. Stripe asks for accounts in the US, and "
    "shows the box to buyers where the law lets it."
)


def reminders_point(facts: Facts) -> Point | None:
    """Return None for a shop that reminds nobody."""
    if facts.reminders is None:
        return None
    state, sentence = _of_reminders(facts)
    more = () if state is State.DONE else (TERMS,)
    return Point(
        code="reminders",
        title="Reminders",
        state=state,
        sentence=sentence,
        where="/admin/shop#reminders",
        more=more,
    )


def _of_reminders(facts: Facts) -> tuple[State, str]:
    reminders = facts.reminders
    if reminders is not None and reminders.is_refused:
        return State.WRONG, "Stripe doesn't let your account ask buyers for consent, so nobody is reminded."
    if facts.checkout_ui is CheckoutUi.ELEMENTS:
        return State.TO_DO, "The shop's own form (CHECKOUT_UI=elements) can't ask buyers, so nobody is reminded."
    if reminders is not None and reminders.has_asked:
        return State.DONE, "Buyers are asked at checkout, and who agrees is reminded once."
    return State.UNKNOWN, "No checkout has begun since reminders were switched on, so nobody knows if Stripe asks."
