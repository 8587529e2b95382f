"""The buyer's answer on a page elsewhere (Klarna, EPS): approved or refused, and the way back in both cases."""

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.checkout.payment import finish
from storefront.devtools.sandbox.checkout.redirect import note_redirect
from storefront.devtools.sandbox.payments import payment_intents
from storefront.devtools.sandbox.storage.records import Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def waits_for_answer(intent: Record) -> bool:
    action = intent.body["next_action"] or {}
    return intent.body["status"] == "requires_action" and "redirect_to_url" in action


def _book(work: UnitOfWork, charge: Record | None) -> None:
    if charge is not None:
        payment_intents.book_charge(work, charge)


def answer_redirect(work: UnitOfWork, intent: Record, *, approved: bool) -> str:
    """Pay or refuse; return where the browser goes on.

    A hosted form comes back to itself: it shows what went wrong, or waits for the webhook and leaves.
    """
    url = str(intent.body["next_action"]["redirect_to_url"]["return_url"])
    session = work.records.find("checkout.session", intent.private.get("session") or "")
    charge = _answer(work, intent, approved=approved)
    if session is None:
        _book(work, charge)
        return url
    if session.body["status"] == "open" and charge is not None:
        finish(work, session, intent, charge)
    if session.body["ui_mode"] == "hosted_page":
        return f"{work.base_url}/c/pay/{session.id}"
    if charge is not None:
        note_redirect(work, session)
    return url


def _answer(work: UnitOfWork, intent: Record, *, approved: bool) -> Record | None:
    """Return the charge; None for a refusal, which the PaymentIntent tells of."""
    try:
        return payment_intents.authenticate(work, intent, passed=approved)
    except StripeApiError:
        return None
