"""One locked transaction that makes an order's rows agree with what Stripe said."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.runtime import settings
from storefront.customers.offers import WORDS_OF_STRIPE, ConsentPlace, Said, set_offers
from storefront.orders.access import read_access
from storefront.orders.customers import find_or_add_customer
from storefront.orders.day_sums import count_late_order
from storefront.orders.emails import resume_mails
from storefront.orders.gifts import MARK, attach_gift
from storefront.orders.looks import apply_facts
from storefront.orders.models import Order
from storefront.orders.new_order import insert_order
from storefront.orders.notices import settle_notices
from storefront.orders.queries import lock_order
from storefront.orders.tax_ids import keep_verification
from storefront.payments.fulfillment.after_sale import copy_after_sale, note_access
from storefront.payments.fulfillment.doubles import find_doubles, settle_pairs
from storefront.payments.fulfillment.excess import settle_excess
from storefront.payments.fulfillment.grants import Piece, add_grants, add_items
from storefront.payments.fulfillment.notices import draft_notices, find_unread
from storefront.payments.fulfillment.outcome import Fulfillment, Outcome
from storefront.payments.fulfillment.promises import promise_after_sale, promise_free, promise_state
from storefront.payments.fulfillment.unknown_lines import find_unknown
from storefront.payments.fulfillment.upgrades import (
    hand_out_upgrades,
    lock_upgraded,
    settle_unused,
    settle_upgrades_of,
)
from storefront.shop.catalog.own_sessions import entries_of_checkout
from storefront.shop.catalog.recognized_lines import RecognizedLine
from storefront.shop.discounts.uses import count_use
from storefront.stripe_api.seen import SeenAfterSale, SeenCheckout


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeAnswer:
    """What Stripe says of one of our Sessions, and by its line ids what each line is to us.

    `ticket` is the look ticket that was taken before Stripe was asked; None where there was no order yet.
    `given_because` is the reason of what an owner gives for free, of which Stripe knows nothing.
    """

    checkout: SeenCheckout
    lines: dict[str, RecognizedLine]
    ticket: int | None
    given_because: str | None = None

    @property
    def is_upgrade(self) -> bool:
        return any(line.upgrades_from_id is not None for line in self.lines.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Converged:
    """What the transaction did, and which mails it promised; that of the order's state may be held for a while."""

    fulfillment: Fulfillment
    is_state_mail_new: bool
    is_due_mail_new: bool
    is_gift: bool = False


class OrderMadeMeanwhile(Exception):
    """Somebody else made the order while we asked Stripe: our look has no ticket, so start again."""


def converge_order(session: Session, answer: StripeAnswer, *, holds_mails: bool = True) -> Converged:
    """Make the order where it is missing, apply what Stripe said, hand out what was paid, promise its mails.

    `holds_mails`: the page that is about to be shown says what the receipt does, so that waits.

    Raises:
        OrderMadeMeanwhile: nothing was written.
    """
    if answer.is_upgrade:
        lock_upgraded(session, answer.checkout)
    is_new = answer.ticket is None
    order, is_first = _lock_order(session, answer)
    before = None if is_new else read_access(session, order)
    pieces = _add_contents(session, order, answer) if is_new else None
    after_sale, lost_refunds = _apply_answer(session, order, answer)
    # What was refunded before this first look is on the rows, and not on the pieces that were made with them.
    outcome = _hand_out(session, order, answer, pieces if after_sale is None else None)
    now = read_access(session, order)
    note_access(session, order.id, before, now)
    if _may_concern_owner(order, outcome, after_sale):
        _settle_notices(session, order, answer, after_sale, is_first=is_first)
    is_resumed = not is_new and now.allowed and resume_mails(session, order)
    is_state_mail_new = promise_state(session, order, hold=holds_mails)
    is_after_sale_mail_new = after_sale is not None and promise_after_sale(
        session, order, after_sale, lost_refunds=lost_refunds
    )
    return Converged(
        fulfillment=Fulfillment(outcome=outcome, order_id=order.id),
        is_state_mail_new=is_state_mail_new,
        is_due_mail_new=is_resumed or is_after_sale_mail_new or _is_handed_out_by_mail(order, outcome),
        is_gift=order.is_gift and order.holder_id is None,
    )


def _may_concern_owner(order: Order, outcome: Outcome, after_sale: SeenAfterSale | None) -> bool:
    return outcome is Outcome.FULFILLED or after_sale is not None or bool(order.excess_minor)


def _is_handed_out_by_mail(order: Order, outcome: Outcome) -> bool:
    return order.total_minor == 0 and outcome is Outcome.FULFILLED


def _lock_order(session: Session, answer: StripeAnswer) -> tuple[Order, bool]:
    """Return the order, and whether it is the first of a customer who was made with it."""
    is_first = False
    if answer.ticket is None:
        order, is_first = _insert_order(session, answer)
    else:
        order = lock_order(session, answer.checkout.id)
    if order is None:
        # It is not locked now: this transaction holds its customer, and who has the order wants that.
        raise OrderMadeMeanwhile
    return order, is_first


def _insert_order(session: Session, answer: StripeAnswer) -> tuple[Order | None, bool]:
    """Return the order if this call made it. Its customer is made with it, and with no later look.

    A customer who was erased must not come back with a refund.
    """
    mode, seen = settings().mode, answer.checkout
    # Who pays with somebody's address gives them something; who only types it must not touch what is theirs.
    is_proven = seen.total_minor > 0
    customer = find_or_add_customer(session, mode=mode, email=seen.email or "", is_proven=is_proven)
    order = insert_order(
        session,
        seen,
        mode=mode,
        customer_id=customer.id,
        is_gift=_is_gift(seen),
        given_because=answer.given_because,
    )
    if order is not None:
        _keep_with_order(session, seen, customer.id)
    return order, customer.is_new


def _keep_with_order(session: Session, seen: SeenCheckout, customer_id: int) -> None:
    """Keep what a Session says once: a later look must not bring back a yes that was taken back."""
    if seen.discount is not None:
        count_use(session, seen.discount)
    if seen.agrees_to_offers and seen.total_minor > 0:
        said = Said(place=ConsentPlace.CHECKOUT, about=seen.id, words=WORDS_OF_STRIPE, at=seen.created_at)
        set_offers(session, customer_id, said, agrees=True)


def _is_gift(seen: SeenCheckout) -> bool:
    """What costs nothing in the end is its buyer's own: nobody may write to strangers for free."""
    return MARK in entries_of_checkout(seen.metadata) and seen.total_minor > 0


def _apply_answer(
    session: Session, order: Order, answer: StripeAnswer
) -> tuple[SeenAfterSale | None, frozenset[str]]:
    """Return what followed the sale, copied now, and the ids of refunds that counted until now.

    None if a younger look came first or nobody asked for it.
    """
    seen, excess_before = answer.checkout, order.excess_minor
    # A new order was made with its facts.
    is_latest = answer.ticket is None or apply_facts(order, seen, ticket=answer.ticket)
    if is_latest:
        keep_verification(session, order, seen.tax_ids)
        settle_excess(session, order, seen.payment, excess_before)
    if not is_latest or seen.payment is None or seen.payment.after_sale is None:
        return None, frozenset()
    return seen.payment.after_sale, copy_after_sale(session, order, seen.payment.after_sale)


def _add_contents(session: Session, order: Order, answer: StripeAnswer) -> list[Piece]:
    pieces = add_items(session, order, answer.checkout, answer.lines)
    count_late_order(session, order)
    if order.is_gift:
        attach_gift(session, order, answer.checkout.metadata[MARK])
    return pieces


def _hand_out(session: Session, order: Order, answer: StripeAnswer, pieces: Sequence[Piece] | None) -> Outcome:
    if not order.is_paid:
        return Outcome.NOT_PAID if order.has_failed else Outcome.AWAITING_PAYMENT
    if answer.ticket is not None:
        if order.fulfilled_at is not None:
            return Outcome.ALREADY_FULFILLED
        order.fulfilled_at = clock.now()
    repeated = add_grants(session, order, pieces)
    if answer.is_upgrade:
        hand_out_upgrades(session, order, answer.checkout)
    if order.total_minor == 0:
        promise_free(session, order, repeated)
    return Outcome.FULFILLED


def _settle_notices(
    session: Session, order: Order, answer: StripeAnswer, after_sale: SeenAfterSale | None, *, is_first: bool
) -> None:
    """Without `after_sale` notices are opened and none is closed: what a quick look leaves out has not gone."""
    is_new = answer.ticket is None
    unknown = find_unknown(session, order.id, answer.checkout, answer.lines, is_new=is_new)
    # Two keys may be upgraded within a day, and who is new has bought nothing else.
    doubles = [] if answer.is_upgrade or is_first else find_doubles(session, order, is_new=is_new)
    drafts = draft_notices(order, after_sale, unknown_lines=unknown, doubles=doubles)
    if drafts or after_sale is not None:
        settle_notices(session, drafts, order_id=order.id, unread=[*find_unread(order, after_sale)])
    if after_sale is not None:
        settle_pairs(session, order, doubles)
    if answer.is_upgrade:
        settle_unused(session, order.id)
    elif after_sale is not None:
        settle_upgrades_of(session, order.id)
