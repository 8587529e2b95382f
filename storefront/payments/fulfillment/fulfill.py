"""`fulfill_checkout`: asks Stripe what is true now and makes our rows agree. The only way anything is granted.

Stripe, guide "Fulfill orders": safe to call many times, concurrently, with the same Session id.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import StripeMissing
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.orders import lifecycle
from storefront.orders.access import access, facts_of
from storefront.orders.models import Order
from storefront.orders.notices import settle_notices
from storefront.orders.reopen import resume_mails
from storefront.payments.fulfillment.after_sale import copy_after_sale, note_access
from storefront.payments.fulfillment.doubles import find_doubles, settle_pairs
from storefront.payments.fulfillment.grants import add_grants, add_items
from storefront.payments.fulfillment.notices import draft_notices
from storefront.payments.fulfillment.promises import promise_after_sale, promise_free, promise_state
from storefront.payments.fulfillment.recognize import find_ours
from storefront.shop.catalog.mirrors import RecognizedLine
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.seen import SeenCheckout

log = logging.getLogger(__name__)


class Look(StrEnum):
    """When Stripe is asked: only while not fulfilled; the same, but once a minute per order; always."""

    IF_NEEDED = "if_needed"
    SPARINGLY = "sparingly"
    NOW = "now"


class Outcome(StrEnum):
    FULFILLED = "fulfilled"
    ALREADY_FULFILLED = "already_fulfilled"
    AWAITING_PAYMENT = "awaiting_payment"
    NOT_PAID = "not_paid"  # the bank said no: final for this Session
    OPEN = "open"  # the form was not completed yet
    EXPIRED = "expired"
    NOT_OURS = "not_ours"


Also = Callable[[Session, Outcome, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Effects:
    outcome: Outcome
    order_id: int
    is_held_mail_new: bool
    is_due_mail_new: bool


class _LostInsert(Exception):
    """Somebody else made the order while we asked Stripe: our look has no ticket, so start again."""


def fulfill_checkout(session_id: str, look: Look = Look.IF_NEEDED, *, also: Also | None = None) -> Outcome:
    """Converge one Checkout Session. Safe to repeat, to race and to be killed at any point.

    `also(session, outcome, order id)` runs in the same transaction as the effects, or in one of its own when
    there are none.

    Raises:
        StripeUnavailable: nothing is known; nothing was changed.
    """
    while True:
        try:
            outcome = _converge_once(session_id, look, also)
        except _LostInsert:
            continue
        log.info("checkout converged", extra={"outcome": outcome.value, "look": look.value})
        return outcome


def _converge_once(session_id: str, look: Look, also: Also | None) -> Outcome:
    summary = lifecycle.find_summary(session_id)
    ticket: int | None = None
    if summary is not None:
        if summary.mode != settings().mode:
            return _without_effects(Outcome.NOT_OURS, also)
        if summary.is_fulfilled and look is not Look.NOW:
            return _without_effects(Outcome.ALREADY_FULFILLED, also, summary.id)
        ticket = lifecycle.take_ticket(summary.id, sparingly=look is Look.SPARINGLY)
        if ticket is None:
            outcome = Outcome.NOT_PAID if summary.has_failed else Outcome.AWAITING_PAYMENT
            return _without_effects(outcome, also, summary.id)
    try:
        seen = gateway().get_checkout(session_id, thorough=look is Look.NOW)
    except StripeMissing:
        return _without_effects(Outcome.NOT_OURS, also)
    known = find_ours(seen)
    if known is None:
        return _without_effects(Outcome.NOT_OURS, also)
    if seen.status != "complete":
        return _without_effects(Outcome.EXPIRED if seen.status == "expired" else Outcome.OPEN, also)
    with transaction() as session:
        effects = _converge_rows(session, seen, known, ticket)
        if also:
            also(session, effects.outcome, effects.order_id)
    _nudge(effects)
    return effects.outcome


def _nudge(effects: _Effects) -> None:
    if effects.is_held_mail_new:
        nudge("outbox", delay_seconds=outbox.HOLD_SECONDS)
    if effects.is_due_mail_new:
        nudge("outbox")


def _without_effects(outcome: Outcome, also: Also | None, order_id: int | None = None) -> Outcome:
    if also:
        with transaction() as session:
            also(session, outcome, order_id)
    return outcome


def _converge_rows(
    session: Session, seen: SeenCheckout, known: dict[str, RecognizedLine], ticket: int | None
) -> _Effects:
    # Only a new order makes its customer: one that was erased must not come back with a refund.
    is_new = ticket is None and _insert(session, seen)
    if ticket is None and not is_new:
        raise _LostInsert  # before the order is locked: who adds one holds its customer, who looks again wants it
    order = lifecycle.lock_order(session, seen.id)
    if order is None:
        raise _LostInsert
    before = None if is_new else access(facts_of(order))
    counts = lifecycle.apply_facts(order, seen, ticket=ticket or 1)
    if is_new:
        add_items(session, order, seen, known)
    after_sale = seen.payment.after_sale if counts and seen.payment else None
    if after_sale is not None:
        copy_after_sale(session, order, after_sale)
    outcome = _hand_out(session, order)
    note_access(session, order.id, before, access(facts_of(order)))
    if outcome is Outcome.FULFILLED or after_sale is not None:
        unknown = [line.description for line in seen.lines if known[line.id].product_id is None]
        doubles = find_doubles(session, order)
        wanted = draft_notices(order, after_sale, unknown_lines=unknown, doubles=doubles)
        if wanted or after_sale is not None:
            settle_notices(session, wanted, order_id=order.id)
        if after_sale is not None:
            settle_pairs(session, order, doubles)
    is_resumed = not is_new and access(facts_of(order)).allowed and resume_mails(session, order)
    return _Effects(
        outcome=outcome,
        order_id=order.id,
        is_held_mail_new=promise_state(session, order),
        is_due_mail_new=any(
            [
                is_resumed,
                after_sale is not None and promise_after_sale(session, order, after_sale),
                order.total_minor == 0 and outcome is Outcome.FULFILLED,
            ]
        ),
    )


def _insert(session: Session, seen: SeenCheckout) -> bool:
    mode = settings().mode
    # Who pays with somebody's address gives them something; who only types it must not touch what is theirs.
    customer_id = lifecycle.ensure_customer(
        session, mode=mode, email=seen.email or "", is_proven=seen.total_minor > 0
    )
    return lifecycle.insert_order(session, seen, mode=mode, customer_id=customer_id)


def _hand_out(session: Session, order: Order) -> Outcome:
    if not order.is_paid:
        return Outcome.NOT_PAID if order.has_failed else Outcome.AWAITING_PAYMENT
    if order.fulfilled_at is not None:
        return Outcome.ALREADY_FULFILLED
    repeated = add_grants(session, order)
    if order.total_minor == 0:
        promise_free(session, order, repeated)
    order.fulfilled_at = clock.now()
    return Outcome.FULFILLED
