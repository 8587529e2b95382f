"""The PaymentIntent of a session: made at the first try, used again after a decline, canceled."""

from storefront.devtools.sandbox.checkout.payer import Payer, ensure_customer
from storefront.devtools.sandbox.payments import payment_intents
from storefront.devtools.sandbox.storage.records import Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def find_intent(work: UnitOfWork, session: Record) -> Record | None:
    return work.records.find("payment_intent", session.private.get("intent") or "")


def ensure_intent(work: UnitOfWork, session: Record, payer: Payer) -> Record:
    """Return the session's PaymentIntent with its total of now, which may have changed since the last try."""
    customer = ensure_customer(work, session, payer)
    intent = find_intent(work, session)
    if intent is not None:
        intent.body.update(amount=session.body["amount_total"], customer=customer)
        return intent
    intent = payment_intents.add_intent(
        work,
        {
            **session.private["payment_intent_data"],
            "amount": session.body["amount_total"],
            "currency": session.body["currency"],
            "customer": customer,
            "payment_method_options": session.private["payment_method_options"],
        },
        types=session.body["payment_method_types"],
        session_id=session.id,
    )
    session.private["intent"] = intent.id
    session.body["payment_intent"] = intent.id
    return intent


def cancel_intent(work: UnitOfWork, session: Record) -> None:
    intent = find_intent(work, session)
    if intent is not None:
        payment_intents.cancel(work, intent, "automatic")


def drop_intent(work: UnitOfWork, session: Record) -> None:
    """Cancel and forget what a declined try has left, before a code made the order free."""
    cancel_intent(work, session)
    session.private.pop("intent", None)
