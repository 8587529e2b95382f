"""The owner's refund: checked against what Stripe says now, made there once, and followed at once."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storefront.audit.queries import list_changes
from storefront.audit.record import record
from storefront.core import money
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError, StripeFault, StripeKeyUsed, StripeRefused, StripeUnavailable
from storefront.orders.after_sale import Refund
from storefront.orders.lookup import get_order
from storefront.orders.models import Order, OrderItem
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.taken_back import warn_of_taken
from storefront.payments.fulfillment.upgrades import find_upgrade_of, find_upgraded_by
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.seen import SeenRefund

REASONS = ("requested_by_customer", "duplicate", "fraudulent")  # https://docs.stripe.com/api/refunds/create
REFUSED = "order.refund_refused"  # in the audit log
DISPUTED = "charge_disputed"  # https://docs.stripe.com/error-codes


class NothingToRefund(StorefrontError):
    """Not paid, free, or given back already."""

    code = "nothing_to_refund"
    status = 409
    title = "There is nothing to refund"


class WrongAmount(StorefrontError):
    code = "wrong_amount"
    status = 422
    title = "This cannot be refunded"


class UnknownItem(StorefrontError):
    code = "unknown_item"
    status = 422
    title = "This order has no such item"


class RefundedBefore(StorefrontError):
    """The same once more: a command typed or a form sent twice, or one whose answer was lost."""

    code = "refunded_before"
    status = 409
    title = "This was refunded before"


class RefundUncertain(StorefrontError):
    """Stripe was asked, and whether the refund is made, or what it does here, is not known yet."""

    code = "refund_uncertain"
    status = 503
    title = "The refund may be made"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A refund that was checked.

    `known` is how many this payment has, those that failed too, and their sum.
    """

    session_id: str
    payment_intent_id: str
    number: str
    amount_minor: int
    currency: str
    positions: tuple[int, ...]
    reason: str | None
    known: str

    @property
    def asked(self) -> dict[str, Any]:
        """Return it as the audit log keeps it."""
        return {"amount_minor": self.amount_minor, "currency": self.currency, "items": list(self.positions)}

    def idempotency_key(self, refused: int) -> str:
        """Return the same key for commands at one moment, another as soon as Stripe shows one refund more.

        By the count too: after a refund that failed the sum is what it was, and Stripe would answer with that one.
        Not by the reason: two who give one at the same moment mean one refund.
        `refused` is how often it said no: it says so again under the same key for a day, whatever becomes of the
        cause. Where no answer came the key stays: the refund may be made.
        """
        named = ",".join(map(str, self.positions)) or "all"
        tries = f":{refused}" if refused else ""
        return f"refund:{self.payment_intent_id}:{self.amount_minor}:{named}:{self.known}{tries}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPlan:
    """What a refund would give back, and close: everything, or `closed` (descriptions of items), or nothing.

    `warning` says what banks took of it, as far as we know: Stripe decides whether it refunds.
    `upgraded_by` are numbers of open orders whose upgrades of this one end when it closes, `upgrade_of` of
    the orders that this one upgraded.
    """

    amount_minor: int
    left_minor: int
    warning: str
    currency: str
    closes_everything: bool
    closed: tuple[str, ...]
    upgraded_by: tuple[str, ...]
    upgrade_of: tuple[str, ...]
    known: str


def plan_refund(
    reference: str, *, amount: str | None = None, positions: Collection[int] = (), again: bool = False
) -> RefundPlan:
    """Say what `refund_order` would do, by what our rows say. Asks and changes nothing.

    Raises:
        NotFound, NothingToRefund, WrongAmount, UnknownItem, RefundedBefore: as `refund_order` does.
    """
    order = get_order(reference)
    wanted = _check(order, amount, sorted(set(positions)), reason=None, again=again)
    left_minor, _payment = _left_to_refund(order)
    items = select(OrderItem.description).where(OrderItem.order_id == order.id)
    named = items.where(OrderItem.position.in_(wanted.positions)).order_by(OrderItem.position)
    return RefundPlan(
        amount_minor=wanted.amount_minor,
        left_minor=left_minor,
        warning=warn_of_taken(order),
        currency=wanted.currency,
        closes_everything=wanted.amount_minor == left_minor,
        closed=tuple(db.session.scalars(named)) if wanted.positions else (),
        upgraded_by=find_upgraded_by(db.session(), order.id),
        upgrade_of=find_upgrade_of(db.session(), order.id),
        known=wanted.known,
    )


def refund_order(
    reference: str,
    *,
    amount: str | None = None,
    positions: Collection[int] = (),
    reason: str | None = None,
    again: bool = False,
    known: str | None = None,
) -> SeenRefund:
    """Refund everything that is left, items by their positions from 1, or an amount as a person types it.

    Stripe is asked first, so that a refund from its Dashboard or from a command whose answer was lost counts.
    One that equals an earlier one is refused, unless `again`; any, where `known` is of a plan from before another.

    Raises:
        NotFound: no such order in the running mode.
        NothingToRefund, WrongAmount, UnknownItem, RefundedBefore: nothing was done.
        StripeRefused: Stripe's own sentence, e.g. for a disputed payment; nothing was done.
        RefundUncertain: no usable answer after Stripe was asked for it.
        StripeUnavailable: no answer before; nothing was done.
    """
    session_id = get_order(reference).checkout_session_id
    fulfill_checkout(session_id, Look.NOW)
    wanted = _check(get_order(session_id), amount, sorted(set(positions)), reason=reason, again=again)
    if known not in (None, wanted.known):
        raise RefundedBefore(
            f"Order {wanted.number} got another refund since that page was shown. Nothing more was refunded."
        )
    refund = _create(wanted)
    _record(wanted, "order.refunded", refund=refund.id)
    try:
        fulfill_checkout(session_id, Look.NOW)
    except StripeUnavailable as error:
        raise RefundUncertain(
            f"The refund {refund.id} is made, but Stripe did not say afterwards what is true now. "
            f"`storefront fulfill {session_id}` closes here what it closes."
        ) from error
    return refund


def _create(wanted: _Wanted) -> SeenRefund:
    """Raises RefundUncertain, and StripeRefused with Stripe's own sentence."""
    try:
        return gateway().create_refund(
            wanted.payment_intent_id,
            amount_minor=wanted.amount_minor,
            reason=wanted.reason,
            metadata={"storefront_items": ",".join(map(str, wanted.positions))} if wanted.positions else {},
            idempotency_key=wanted.idempotency_key(_count_refused(wanted)),
        )
    except StripeKeyUsed as error:
        raise RefundUncertain(
            "The same refund was asked for with another reason, and Stripe has not said yet what became of it. "
            f"`storefront fulfill {wanted.session_id}` asks again, and `storefront orders show {wanted.number}` "
            "lists the refunds. If it is not there, ask with the reason of before, or refund in the Stripe "
            "Dashboard."
        ) from error
    except StripeRefused as refusal:
        _record(wanted, REFUSED)
        raise _in_words(refusal) from refusal
    except StripeUnavailable as error:
        _record(wanted, "order.refund_asked")
        # Not tried under another key: Stripe keeps a 500 for a day, also where the refund was made after all.
        again = "wait a day" if isinstance(error, StripeFault) else "type the same command again"
        raise RefundUncertain(
            f"Stripe did not say whether the refund is made. `storefront fulfill {wanted.session_id}` asks "
            f"again, and `storefront orders show {wanted.number}` lists the refunds. If it is not there, {again}, "
            "or refund in the Stripe Dashboard."
        ) from error


def _in_words(refusal: StripeRefused) -> StripeRefused:
    """Say beside Stripe's sentence, which names no order, where the money is."""
    if refusal.stripe_code != DISPUTED:
        return refusal
    return StripeRefused(
        f"{refusal.message} The buyer's bank has the money, or decides about it: a dispute that you win can be "
        "refunded then.",
        stripe_code=refusal.stripe_code,
        param=refusal.param,
    )


def _record(wanted: _Wanted, verb: str, **more: str) -> None:
    """Stripe moves the money, so the entry has a transaction of its own, and is there whatever comes next."""
    with transaction() as session:
        record(session, verb, subject_kind="order", subject=wanted.number, after=wanted.asked | more)


def _count_refused(wanted: _Wanted) -> int:
    """Return how often Stripe refused the very same: to another refund it may not have answered yet."""
    refused = list_changes(REFUSED, subject_kind="order", subject=wanted.number)
    return sum(after == wanted.asked for after in refused)


def _check(order: Order, amount: str | None, positions: list[int], *, reason: str | None, again: bool) -> _Wanted:
    left_minor, payment_intent_id = _left_to_refund(order)
    items_minor = _add_up(order, positions, again=again) if positions else left_minor
    amount_minor = items_minor if amount is None else _read_amount(amount, order.currency)
    if amount_minor > left_minor:
        raise _too_much(order, amount_minor, left_minor)
    refunds = db.session.scalars(select(Refund).where(Refund.order_id == order.id)).all()
    if amount is not None and not positions and not again:
        _refuse_the_same(order, amount_minor, refunds)
    return _Wanted(
        session_id=order.checkout_session_id,
        payment_intent_id=payment_intent_id,
        number=order.number,
        amount_minor=amount_minor,
        currency=order.currency,
        positions=tuple(positions),
        reason=reason,
        known=f"{len(refunds)}:{order.refunded_minor}",
    )


def _left_to_refund(order: Order) -> tuple[int, str]:
    """Return the amount that is left, and the payment that it is left of. Raises NothingToRefund."""
    if not order.is_paid:
        raise NothingToRefund(f"Order {order.number} is not paid.")
    if order.total_minor == 0 or order.payment_intent_id is None:
        raise NothingToRefund(f"Order {order.number} was free.")
    left_minor = order.total_minor - order.refunded_minor
    if left_minor <= 0:
        raise NothingToRefund(f"Order {order.number} is refunded already.")
    return left_minor, order.payment_intent_id


def _read_amount(amount: str, currency: str) -> int:
    try:
        amount_minor = money.parse_money(amount, currency)
    except ValueError as error:
        raise WrongAmount(str(error)) from error
    if amount_minor == 0:
        raise WrongAmount("A refund of nothing is none.")
    return amount_minor


def _items_by_position(order: Order) -> dict[int, OrderItem]:
    items = db.session.scalars(select(OrderItem).where(OrderItem.order_id == order.id))
    return {item.position: item for item in items}


def _too_much(order: Order, amount_minor: int, left_minor: int) -> WrongAmount:
    left = money.format_money(left_minor, order.currency)
    asked = money.format_money(amount_minor, order.currency)
    return WrongAmount(f"Order {order.number} has {left} left to refund, and that is less than {asked}.")


def _add_up(order: Order, positions: list[int], *, again: bool) -> int:
    items = _items_by_position(order)
    for position in positions:
        if position not in items:
            raise UnknownItem(f"Order {order.number} has no item {position}: they count from 1 to {len(items)}.")
        if items[position].is_refunded and not again:
            raise RefundedBefore(f"Item {position} of order {order.number} is refunded already.")
    total_minor = sum(items[position].total_minor for position in positions)
    if total_minor == 0:
        raise NothingToRefund(f"Nothing was paid for these items of order {order.number}.")
    return total_minor


def _refuse_the_same(order: Order, amount_minor: int, refunds: Collection[Refund]) -> None:
    for refund in refunds:
        if refund.amount_minor == amount_minor and refund.status not in ("failed", "canceled"):
            amount = money.format_money(amount_minor, order.currency)
            raise RefundedBefore(
                f"Order {order.number} has a refund of {amount} already, from "
                f"{refund.created_at:%Y-%m-%d %H:%M} UTC ({refund.id})."
            )
