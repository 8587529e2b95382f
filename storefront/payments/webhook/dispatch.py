"""What an event makes us do: look again at one Checkout Session, release its mails, stamp the ledger row."""

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storefront.core.data_keys import DataKeySealed
from storefront.core.db import db, transaction
from storefront.core.errors import StripeRefused, StripeUnavailable, StripeUnreadable
from storefront.core.queue import nudge_in_crowd
from storefront.orders.money_queries import is_charge_booked
from storefront.orders.queries import (
    KnownOrder,
    find_session_id,
    find_sessions_of_invoice,
    find_sessions_with_tax_id,
    find_transfers_of,
)
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.outcome import Fulfillment, Outcome
from storefront.payments.money.take_in import take_in_newest
from storefront.payments.webhook import ledger
from storefront.payments.webhook.event_types import MONEY_EVENTS, PAYMENT_EVENTS, SESSION_EVENTS
from storefront.payments.webhook.ledger import Entry
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.seen_event import SeenEvent

log = logging.getLogger(__name__)

# An outcome that contradicts its event is Stripe not agreeing with itself yet: not stamped, looked at again later.
TOO_EARLY = frozenset(
    {
        ("checkout.session.completed", Outcome.OPEN),
        ("checkout.session.async_payment_succeeded", Outcome.OPEN),
        ("checkout.session.async_payment_succeeded", Outcome.AWAITING_PAYMENT),
        ("checkout.session.async_payment_failed", Outcome.OPEN),
        ("checkout.session.async_payment_failed", Outcome.AWAITING_PAYMENT),
        ("checkout.session.expired", Outcome.OPEN),
    }
)
NO_ORDER_YET = "no_order_yet"
UNKNOWN_TO_KEY = "unknown_to_key"
OF_ONE_EVENT = (StripeUnreadable, DataKeySealed)  # errors that say nothing of the next


def _one(find: Callable[[str], str | None]) -> Callable[[str], tuple[str, ...]]:
    def find_all(object_id: str) -> tuple[str, ...]:
        found = find(object_id)
        return (found,) if found else ()

    return find_all


# How the Sessions are found that an event of an object of another kind is about.
FINDERS = dict.fromkeys(PAYMENT_EVENTS, _one(find_session_id)) | {
    "cash_balance.funds_available": find_transfers_of,
    "customer.tax_id.updated": find_sessions_with_tax_id,
    "invoice.paid": find_sessions_of_invoice,
}


def handle_delivery(event: SeenEvent) -> str:
    """Converge, and keep the event with what came of it. Returns the outcome for the answer.

    Nothing is kept before: who dies on the way has not answered, so Stripe sends it again, and reconciliation
    finds it as well.

    Raises:
        StripeUnavailable: noted on the row; the caller answers 5xx, so that Stripe tries again.
    """
    if ledger.is_too_old(event):
        return "duplicate"
    known = ledger.read_known(event)
    if known.is_handled:
        return "duplicate"
    entry = Entry.of(event)
    if not ledger.is_of_running_mode(event):
        return _ignore(entry, ledger.OTHER_MODE)
    return converge(entry, known.order)


def converge(entry: Entry, known: KnownOrder | None = None) -> str:
    """Look again at what the event points to; it is handled then, except where a later look may find more.

    An event that has just come gets one more look later. Of several orders of a Customer the newest comes last,
    and with it the stamp: whoever fails before tries again. `known` is the order of the Session that the event is
    about, if it is about one.
    """
    if entry.type in MONEY_EVENTS:
        return _learn_fee(entry)
    look = Look.IF_NEEDED
    sessions: tuple[str, ...] = (entry.object_id,)
    if entry.type in FINDERS:
        look, sessions, known = Look.NOW, FINDERS[entry.type](entry.object_id), None
        if not sessions:
            is_last_look = entry.delivery is None
            return _ignore(entry, Outcome.NOT_OURS) if is_last_look else _leave(entry, NO_ORDER_YET)
    elif entry.type not in SESSION_EVENTS or not entry.object_id:
        return _ignore(entry, "ignored")
    return _look_at(entry, sessions, look, known)


def _look_at(entry: Entry, sessions: tuple[str, ...], look: Look, known: KnownOrder | None) -> str:
    def stamp(session: Session, fulfillment: Fulfillment) -> None:
        if _may_be_elsewhere(entry, fulfillment):
            return  # kept below, with the account that does not know it: that may be a question
        if entry.delivery is None or (entry.type, fulfillment.outcome) not in TOO_EARLY:
            entry.handle(session, fulfillment.outcome)
        else:
            entry.leave(session)

    try:
        for earlier in sessions[1:]:
            fulfill_checkout(earlier, look)
        fulfillment = fulfill_checkout(sessions[0], look, known=known, in_transaction=stamp, releases_mails=True)
        if _may_be_elsewhere(entry, fulfillment):
            return _leave(entry, UNKNOWN_TO_KEY, error=f"{ledger.ELSEWHERE}{gateway().name_of_key()}")
    except BaseException as error:
        db.session.rollback()  # what a lost connection left open
        _note_error(entry, error)
        raise
    nudge_in_crowd("outbox")
    return fulfillment.outcome


def _may_be_elsewhere(entry: Entry, fulfillment: Fulfillment) -> bool:
    """Tell whether it may be of a sale in another account, whose key the shop had, or will have again.

    An endpoint stays where it was when the key changes, and Payment Links go on selling.
    """
    return fulfillment.is_missing and entry.type != "checkout.session.expired"


def run_unhandled() -> None:
    """Give a second chance to deliveries that Stripe or we gave up on, or that the key knows by now."""
    _run_again(ledger.find_unhandled(), passed_over=(StripeRefused, *OF_ONE_EVENT))
    if ledger.count_elsewhere(older_than=timedelta())[0]:
        _run_elsewhere()


def _run_elsewhere() -> None:
    """Ask each once for a key. Where Stripe refuses one, the key is asked no more until the next run."""
    try:
        key = gateway().name_of_key()
    except StripeUnavailable:
        return
    _run_again(ledger.find_elsewhere(key), passed_over=OF_ONE_EVENT)
    ledger.give_up_elsewhere(key, outcome=Outcome.NOT_OURS)


def _run_again(entries: list[Entry], *, passed_over: tuple[type[Exception], ...]) -> None:
    for entry in entries:
        ledger.count_attempt(entry.event_id)  # what fails again goes to the end of the line and holds up nobody
        try:
            outcome = converge(entry)
        except passed_over:
            continue  # this one; others may be readable, or sell no keys
        except (StripeUnavailable, StripeRefused):
            return
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("the shop fails on an event again", extra={"event": entry.event_id})
            continue
        log.info("unhandled event run again", extra={"event": entry.event_id, "outcome": outcome})


def _learn_fee(entry: Entry) -> str:
    """Take in what was booked lately, with one question; none for what is known, or is no sale of ours."""
    if find_session_id(entry.object_id) is None:
        return _ignore(entry, Outcome.NOT_OURS)
    if is_charge_booked(entry.object_id):
        return _ignore(entry, "known")
    try:
        take_in_newest()
    except StripeRefused:
        return _ignore(entry, "not_permitted")
    except BaseException as error:
        db.session.rollback()  # as in `converge()`
        _note_error(entry, error)
        raise
    return _ignore(entry, "booked")


def _ignore(entry: Entry, outcome: str) -> str:
    with transaction() as session:
        entry.handle(session, outcome)
    return outcome


def _leave(entry: Entry, answer: str, *, error: str | None = None) -> str:
    with transaction() as session:
        entry.leave(session, error=error)
    return answer


def _note_error(entry: Entry, error: BaseException) -> None:
    with transaction() as session:
        if _says_nothing_of_event(error) and ledger.is_elsewhere(session, entry.event_id):
            entry.leave(session)  # what is known of it stays: it may be a sale in an account that was left
        else:
            entry.leave(session, error=f"{type(error).__name__}: {getattr(error, 'code', 'bug')}")


def _says_nothing_of_event(error: BaseException) -> bool:
    return isinstance(error, StripeRefused | StripeUnavailable) and not isinstance(error, StripeUnreadable)
