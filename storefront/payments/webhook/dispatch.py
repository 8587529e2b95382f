"""What an event makes us do: look again at one Checkout Session, release its mails, stamp the ledger row."""

import logging
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storefront.core.data_keys import DataKeySealed
from storefront.core.db import db, transaction
from storefront.core.errors import StripeRefused, StripeUnavailable, StripeUnreadable
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.orders.money_queries import is_charge_booked
from storefront.orders.queries import (
    find_newest_transfer_of,
    find_session_id,
    find_sessions_of_invoice,
    find_sessions_with_tax_id,
)
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.outcome import Fulfillment, Outcome
from storefront.payments.money.take_in import take_in_newest
from storefront.payments.webhook import ledger
from storefront.stripe_api.seen_event import SeenEvent

log = logging.getLogger(__name__)

SESSION_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)
# About a payment: what they tell is read from Stripe, like everything else. One that finds no order may have come
# while the sale was between reading and writing: it stays unhandled, and the worker looks again in five minutes.
PAYMENT_EVENTS = frozenset(
    {
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "radar.early_fraud_warning.created",
        "radar.early_fraud_warning.updated",
        "payment_intent.partially_funded",
    }
)


# About a Customer: an invoice has its number, a register has spoken of a tax id, a transfer was too much.
CUSTOMER_EVENTS = frozenset({"customer.tax_id.updated", "invoice.paid", "cash_balance.funds_available"})

# Stripe has booked a charge: its fee is known now. A sale is as it was, and reconciliation finds what is missed.
MONEY_EVENTS = frozenset({"charge.updated"})

# An outcome that contradicts its event is Stripe not agreeing with itself yet: not stamped, looked at again later.
TOO_EARLY = frozenset(
    {
        ("checkout.session.completed", Outcome.OPEN),
        ("checkout.session.async_payment_succeeded", Outcome.OPEN),
        ("checkout.session.async_payment_succeeded", Outcome.AWAITING_PAYMENT),
        ("checkout.session.expired", Outcome.OPEN),
    }
)
NO_ORDER_YET = "no_order_yet"


def _one(find: Callable[[str], str | None]) -> Callable[[str], tuple[str, ...]]:
    def find_all(object_id: str) -> tuple[str, ...]:
        found = find(object_id)
        return (found,) if found else ()

    return find_all


# How the Sessions are found that an event of an object of another kind is about.
FINDERS = dict.fromkeys(PAYMENT_EVENTS, _one(find_session_id)) | {
    "cash_balance.funds_available": _one(find_newest_transfer_of),
    "customer.tax_id.updated": find_sessions_with_tax_id,
    "invoice.paid": find_sessions_of_invoice,
}


def handle_delivery(event: SeenEvent) -> str:
    """Record, then converge. Returns the outcome for the answer.

    Raises:
        StripeUnavailable: noted on the row; the caller answers 5xx, so that Stripe tries again.
    """
    if ledger.record(event):
        return "duplicate"
    if event.livemode != settings().is_live:
        return _ignore(event.id, "other_mode")
    return converge(event.id, event.type, event.object_id, is_last_look=False)


def converge(event_id: str, event_type: str, object_id: str, *, is_last_look: bool) -> str:
    """Look again at what the event points to; stamps its row, except where a later look may find more.

    Of several orders of a Customer the newest comes last, and with it the stamp: whoever fails before tries again.
    """
    if event_type in MONEY_EVENTS:
        return _learn_fee(event_id, object_id)
    look = Look.IF_NEEDED
    sessions: tuple[str, ...] = (object_id,)
    if event_type in FINDERS:
        look, sessions = Look.NOW, FINDERS[event_type](object_id)
        if not sessions:
            return _ignore(event_id, Outcome.NOT_OURS) if is_last_look else NO_ORDER_YET
    elif event_type not in SESSION_EVENTS:
        return _ignore(event_id, "ignored")

    def stamp(session: Session, fulfillment: Fulfillment) -> None:
        if is_last_look or (event_type, fulfillment.outcome) not in TOO_EARLY:
            ledger.stamp(session, event_id, fulfillment.outcome)

    try:
        for earlier in sessions[1:]:
            fulfill_checkout(earlier, look)
        fulfillment = fulfill_checkout(sessions[0], look, in_transaction=stamp, releases_mails=True)
    except BaseException as error:
        db.session.rollback()  # what a lost connection left open
        ledger.note_error(event_id, f"{type(error).__name__}: {getattr(error, 'code', 'bug')}")
        raise
    nudge("outbox")
    return fulfillment.outcome


def run_unhandled() -> None:
    """Give a second chance to deliveries that Stripe or we gave up on."""
    for event_id, event_type, object_id in ledger.find_unhandled():
        ledger.count_attempt(event_id)  # what fails again goes to the end of the line and holds up nobody
        try:
            outcome = converge(event_id, event_type, object_id, is_last_look=True)
        except (StripeRefused, StripeUnreadable, DataKeySealed):
            continue  # this one; others may be readable, or sell no keys
        except StripeUnavailable:
            return
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("the shop fails on an event again", extra={"event": event_id})
            continue
        log.info("unhandled event run again", extra={"event": event_id, "outcome": outcome})


def _learn_fee(event_id: str, payment_intent_id: str) -> str:
    """Take in what was booked lately, with one question; none for what is known, or is no sale of ours."""
    if find_session_id(payment_intent_id) is None:
        return _ignore(event_id, Outcome.NOT_OURS)
    if is_charge_booked(payment_intent_id):
        return _ignore(event_id, "known")
    try:
        take_in_newest()
    except StripeRefused:
        return _ignore(event_id, "not_permitted")
    except StripeUnavailable as error:
        ledger.note_error(event_id, f"{type(error).__name__}: {error.code}")
        raise
    return _ignore(event_id, "booked")


def _ignore(event_id: str, outcome: str) -> str:
    with transaction() as session:
        ledger.stamp(session, event_id, outcome)
    return outcome
