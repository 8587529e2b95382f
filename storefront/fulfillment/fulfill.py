"""`fulfill_checkout`: asks Stripe what is true now and makes our rows agree. The only way anything is granted.

Stripe, guide "Fulfill orders": safe to call many times, concurrently, with the same Session id.
"""

import logging
from collections.abc import Callable
from enum import StrEnum

from sqlalchemy.orm import Session

from storefront import clock
from storefront.catalog import mirrors
from storefront.catalog.mirrors import Known
from storefront.db import transaction
from storefront.errors import StripeMissing
from storefront.fulfillment.grants import add_grants, add_items
from storefront.mail import outbox
from storefront.orders import lifecycle
from storefront.orders.models import Order
from storefront.queue import nudge
from storefront.stripe_gateway import gateway
from storefront.stripe_seen import SeenCheckout
from storefront.web import settings

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
    brief = lifecycle.find_brief(session_id)
    ticket: int | None = None
    if brief is not None:
        if brief.mode != settings().mode:
            return _without_effects(Outcome.NOT_OURS, also)
        if brief.is_fulfilled and look is not Look.NOW:
            return _without_effects(Outcome.ALREADY_FULFILLED, also, brief.id)
        ticket = lifecycle.take_ticket(brief.id, sparingly=look is Look.SPARINGLY)
        if ticket is None:
            outcome = Outcome.NOT_PAID if brief.has_failed else Outcome.AWAITING_PAYMENT
            return _without_effects(outcome, also, brief.id)
    try:
        seen = gateway().get_checkout(session_id)
    except StripeMissing:
        return _without_effects(Outcome.NOT_OURS, also)
    shop = mirrors.shop_id()
    known = mirrors.recognize(seen.lines, shop=shop)
    if not _is_ours(seen, known, shop):
        return _without_effects(Outcome.NOT_OURS, also)
    if seen.status != "complete":
        return _without_effects(Outcome.EXPIRED if seen.status == "expired" else Outcome.OPEN, also)
    with transaction() as session:
        outcome, order = _converge_rows(session, seen, known, ticket)
        promised = _promise_mail(session, order)
        if also:
            also(session, outcome, order.id)
    if promised:
        nudge("outbox", delay_seconds=outbox.HOLD_SECONDS)
    return outcome


def _without_effects(outcome: Outcome, also: Also | None, order_id: int | None = None) -> Outcome:
    if also:
        with transaction() as session:
            also(session, outcome, order_id)
    return outcome


def _is_ours(seen: SeenCheckout, known: dict[str, Known], shop: str) -> bool:
    """By our mark on the Session, or by one line we know. `client_reference_id` is never read back."""
    if seen.mode != "payment" or seen.livemode != settings().is_live:
        return False
    return seen.metadata.get("storefront") == shop or any(line.product_id for line in known.values())


def _converge_rows(
    session: Session, seen: SeenCheckout, known: dict[str, Known], ticket: int | None
) -> tuple[Outcome, Order]:
    mode = settings().mode
    customer_id = lifecycle.ensure_customer(session, mode=mode, email=seen.email or "")
    is_new = lifecycle.insert_order(session, seen, mode=mode, customer_id=customer_id)
    order = lifecycle.lock_order(session, seen.id)
    if order is None or (ticket is None and not is_new):
        raise _LostInsert
    lifecycle.apply_facts(order, seen, ticket=ticket or 1)
    if is_new:
        add_items(session, order, seen, known)
    if not order.is_paid:
        return (Outcome.NOT_PAID if order.has_failed else Outcome.AWAITING_PAYMENT), order
    if order.fulfilled_at is not None:
        return Outcome.ALREADY_FULFILLED, order
    for earlier_id in add_grants(session, order):
        outbox.promise(
            session,
            kind=outbox.RECEIPT,
            order_id=earlier_id,
            mode=order.mode,
            recipient=order.email,
            again=f"{clock.now():%Y%m%d}",
        )
    order.fulfilled_at = clock.now()
    return Outcome.FULFILLED, order


def _promise_mail(session: Session, order: Order) -> bool:
    kind = outbox.RECEIPT
    if not order.is_paid:
        kind = outbox.PAYMENT_FAILED if order.has_failed else outbox.WAITING_FOR_BANK
    return outbox.promise(session, kind=kind, order_id=order.id, mode=order.mode, recipient=order.email)
