"""`fulfill_checkout`: asks Stripe what is true now and makes our rows agree. The only way anything is granted.

Stripe, guide "Fulfill orders": safe to call many times, concurrently, with the same Session id.
"""

import logging
from collections.abc import Callable
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from storefront.buyers.reminders.left import keep_left
from storefront.core.db import transaction
from storefront.core.errors import StripeMissing
from storefront.core.outages import is_deadlock
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.orders.looks import take_ticket
from storefront.orders.new_order import GIVEN
from storefront.orders.queries import KnownOrder, OrderSummary, find_summary
from storefront.payments.fulfillment.converge import Converged, OrderMadeMeanwhile, StripeAnswer, converge_order
from storefront.payments.fulfillment.outcome import Fulfillment, Outcome
from storefront.payments.fulfillment.recognize import recognize_checkout
from storefront.payments.fulfillment.upgrades import find_needed_sessions
from storefront.payments.recovery.find_left import find_left
from storefront.stripe_api.gateway import gateway

log = logging.getLogger(__name__)

MOST_DEADLOCKS = 3  # of one call; the next is an outage, as any trouble of the database


class Look(StrEnum):
    """When Stripe is asked: only while not fulfilled; the same, but once a minute per order; always."""

    IF_NEEDED = "if_needed"
    SPARINGLY = "sparingly"
    NOW = "now"


InTransaction = Callable[[Session, Fulfillment], None]


def fulfill_checkout(
    session_id: str,
    look: Look = Look.IF_NEEDED,
    *,
    known: KnownOrder | None = None,
    in_transaction: InTransaction | None = None,
    before_first_look: Callable[[], object] = lambda: None,
    releases_mails: bool = False,
) -> Fulfillment:
    """Converge one Checkout Session. Safe to repeat, to race and to be killed at any point.

    `in_transaction(session, fulfillment)` runs in the transaction of the effects, or in one of its own when there
    are none. `before_first_look()` runs before Stripe is asked about a Session that has no order here; it may
    raise, and then nothing is asked. `known` is what the caller has just read. `releases_mails`: no email of the
    order is held, and the caller nudges.

    Raises:
        StripeUnavailable: nothing is known; nothing was changed.
    """
    deadlocks = 0
    while True:
        try:
            summary = known.summary if known else find_summary(session_id)
            answer = _look(session_id, look, summary, before_first_look)
            _bring_upgraded(answer)
            fulfillment, converged = _write(answer, in_transaction, releases_mails=releases_mails)
        except OrderMadeMeanwhile:
            known = None
            continue
        except DBAPIError as error:
            # Who makes the order holds its customer and waits for whoever changes it; who changes it may want that
            # customer. PostgreSQL ends one of them, which then finds the order made.
            deadlocks += 1
            if not is_deadlock(error) or deadlocks > MOST_DEADLOCKS:
                raise
            known = None
            continue
        if converged is not None:
            _nudge_mails(converged, releases_mails=releases_mails)
        log.info("checkout converged", extra={"outcome": fulfillment.outcome.value, "look": look.value})
        return fulfillment


def _write(
    answer: Fulfillment | StripeAnswer, in_transaction: InTransaction | None, *, releases_mails: bool
) -> tuple[Fulfillment, Converged | None]:
    """Return None beside the outcome where nothing was converged."""
    if isinstance(answer, Fulfillment):
        return _without_effects(answer, in_transaction, releases_mails=releases_mails), None
    with transaction() as session:
        converged = converge_order(session, answer, holds_mails=not releases_mails)
        if releases_mails and answer.ticket is not None:  # a new order has none from before
            _release_mails(session, converged.fulfillment)
        if in_transaction:
            in_transaction(session, converged.fulfillment)
    return converged.fulfillment, converged


def _bring_upgraded(answer: Fulfillment | StripeAnswer) -> None:
    """Hand out first what an upgrade stands on, where that is missing: lists have the newest sale first.

    That is the order whose license is upgraded, and the upgrade before. It may be here and wait for a bank that
    has paid meanwhile, as after a restore.
    """
    if isinstance(answer, StripeAnswer) and answer.is_upgrade:
        for session_id in find_needed_sessions(answer.checkout):
            fulfill_checkout(session_id)  # asks nothing where it was handed out


def _look(
    session_id: str, look: Look, summary: OrderSummary | None, before_first_look: Callable[[], object]
) -> Fulfillment | StripeAnswer:
    """Return what our rows say where that is enough, else what Stripe says."""
    if summary is None:
        return _look_first(session_id, look, before_first_look)
    if summary.mode != settings().mode:
        return Fulfillment(outcome=Outcome.NOT_OURS)
    if summary.is_fulfilled and (look is not Look.NOW or session_id.startswith(GIVEN)):
        return Fulfillment(outcome=Outcome.ALREADY_FULFILLED, order_id=summary.id)
    ticket = take_ticket(summary.id, sparingly=look is Look.SPARINGLY)
    if ticket is None:  # somebody has looked within the last minute
        outcome = Outcome.NOT_PAID if summary.has_failed else Outcome.AWAITING_PAYMENT
        return Fulfillment(outcome=outcome, order_id=summary.id)
    return _ask_stripe(session_id, look, order_id=summary.id, ticket=ticket)


def _look_first(
    session_id: str, look: Look, before_first_look: Callable[[], object]
) -> Fulfillment | StripeAnswer:
    if session_id.startswith(GIVEN):
        return Fulfillment(outcome=Outcome.NOT_OURS)
    before_first_look()
    return _ask_stripe(session_id, look)


def _ask_stripe(
    session_id: str, look: Look, *, order_id: int | None = None, ticket: int | None = None
) -> Fulfillment | StripeAnswer:
    """Return what Stripe says of a Session that can change our rows: ours, with its form completed."""
    try:
        seen = gateway().get_checkout(session_id, thorough=look is Look.NOW)
    except StripeMissing:
        return Fulfillment(outcome=Outcome.NOT_OURS, is_missing=True)
    lines = recognize_checkout(seen)
    if lines is None:
        return Fulfillment(outcome=Outcome.NOT_OURS)
    if seen.status != "complete":
        outcome = Outcome.EXPIRED if seen.status == "expired" else Outcome.OPEN
        left = find_left(seen, lines)
        return Fulfillment(outcome=outcome, order_id=order_id, left=left, recovered_from=seen.recovered_from)
    return StripeAnswer(checkout=seen, lines=lines, ticket=ticket)


def _without_effects(
    fulfillment: Fulfillment, in_transaction: InTransaction | None, *, releases_mails: bool
) -> Fulfillment:
    if in_transaction or releases_mails or fulfillment.left:
        with transaction() as session:
            if fulfillment.left:
                keep_left(session, fulfillment.left)
            if releases_mails:
                _release_mails(session, fulfillment)
            if in_transaction:
                in_transaction(session, fulfillment)
    return fulfillment


def _release_mails(session: Session, fulfillment: Fulfillment) -> None:
    if fulfillment.order_id is not None:
        outbox.release(session, fulfillment.order_id)


def _nudge_mails(converged: Converged, *, releases_mails: bool) -> None:
    if converged.is_state_mail_new and not releases_mails:
        nudge("outbox", delay_seconds=outbox.HOLD_SECONDS)
    if converged.is_due_mail_new:
        nudge("outbox")
    if converged.is_gift:
        nudge("gifts")
