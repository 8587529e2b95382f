"""The timeline of an order: what happened when, merged from every table that knows of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, false, select

from storefront.core import money
from storefront.core.db import db
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.orders.after_sale import Dispute, FraudWarning, OrderChange, Refund
from storefront.orders.models import Order
from storefront.payments.webhook.models import StripeEvent


class MomentKind(StrEnum):
    """What a moment tells of. The values are printed for programs."""

    SALE = "sale"
    REFUND = "refund"
    DISPUTE = "dispute"
    FRAUD_WARNING = "fraud_warning"
    CHANGE = "change"
    MAIL = "mail"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`subject` is the id of what `kind` names.

    Times of sales, refunds, disputes and warnings are Stripe's, the others are ours.
    """

    at: datetime
    kind: MomentKind
    subject: str
    text: str


def find_refunds(order: Order) -> Sequence[Refund]:
    """Return those that failed, too."""
    return db.session.scalars(select(Refund).where(Refund.order_id == order.id)).all()


def read_timeline(order: Order, refunds: Iterable[Refund]) -> tuple[Moment, ...]:
    """Return what happened, in order of time; five statements."""
    moments = [
        *_sale(order),
        *_refunds(refunds),
        *_disputes(order),
        *_warnings(order),
        *_changes(order),
        *_mails(order),
        *_events(order),
    ]
    return tuple(sorted(moments, key=lambda moment: moment.at))  # stable: at one moment causes come first


def _sale(order: Order) -> Iterator[Moment]:
    times = {"placed": order.placed_at, "paid": order.paid_at, "fulfilled": order.fulfilled_at}
    for text, at in times.items():
        if at is not None:
            yield Moment(at=at, kind=MomentKind.SALE, subject=order.number, text=text)
    if order.recovered_from is not None:
        text = f"recovered: a copy of the expired Session {order.recovered_from}"
        yield Moment(at=order.placed_at, kind=MomentKind.SALE, subject=order.number, text=text)


def _refunds(refunds: Iterable[Refund]) -> Iterator[Moment]:
    for row in refunds:
        amount = money.format_money(row.amount_minor, row.currency)
        because = f", {row.reason}" if row.reason else ""
        text = f"refund {row.id}: {amount}{because}{_until(row)}; now {row.status}"
        yield Moment(at=row.created_at, kind=MomentKind.REFUND, subject=row.id, text=text)


def _until(refund: Refund) -> str:
    """Return until when its buyer must answer Stripe's email, which asks where the money should go."""
    return f", the buyer answers until {refund.answer_by:%Y-%m-%d %H:%M} UTC" if refund.answer_by else ""


def _disputes(order: Order) -> Iterator[Moment]:
    for row in db.session.scalars(select(Dispute).where(Dispute.order_id == order.id)):
        amount = money.format_money(row.amount_minor, row.currency)
        until = f", answer until {row.respond_by:%Y-%m-%d %H:%M} UTC" if row.respond_by else ""
        text = f"dispute {row.id}: {amount}, {row.reason}{until}; now {row.status}"
        yield Moment(at=row.created_at, kind=MomentKind.DISPUTE, subject=row.id, text=text)


def _warnings(order: Order) -> Iterator[Moment]:
    for row in db.session.scalars(select(FraudWarning).where(FraudWarning.order_id == order.id)):
        word = "actionable" if row.is_actionable else "settled"
        text = f"fraud warning {row.id}: {row.fraud_type}; now {word}"
        yield Moment(at=row.created_at, kind=MomentKind.FRAUD_WARNING, subject=row.id, text=text)


def _changes(order: Order) -> Iterator[Moment]:
    rows = db.session.scalars(select(OrderChange).where(OrderChange.order_id == order.id).order_by(OrderChange.id))
    for row in rows:
        text = f"{row.what}: {row.detail}" if row.detail else row.what
        yield Moment(at=row.at, kind=MomentKind.CHANGE, subject=row.what, text=text)


def _mails(order: Order) -> Iterator[Moment]:
    """When it was sent; one that was not, when it was promised."""
    rows = db.session.scalars(
        select(OutboxMessage)
        .where((OutboxMessage.order_id == order.id) | _is_its_reminder(order))
        .order_by(OutboxMessage.id)
        .execution_options(populate_existing=True)
    )
    for row in rows:
        at = row.sent_at or row.created_at
        yield Moment(at=at, kind=MomentKind.MAIL, subject=str(row.id), text=_mail_words(row))


def _mail_words(row: OutboxMessage) -> str:
    tries = "1 attempt" if row.attempts == 1 else f"{row.attempts} attempts"
    state = f"{row.state.value} to {row.recipient or 'nobody known any more'}, {tries}"
    if row.state is MailState.QUEUED:
        state = f"{state}, next {row.due_at:%Y-%m-%d %H:%M} UTC"
    error = f" ({row.last_error})" if row.last_error else ""
    return f"mail {row.kind}: {state}{error}"


def _is_its_reminder(order: Order) -> ColumnElement[bool]:
    """Select the email whose link led to this order."""
    if order.recovered_from is None:
        return false()
    return (OutboxMessage.kind == MailKind.CHECKOUT_REMINDER) & (OutboxMessage.about == order.recovered_from)


def _events(order: Order) -> Iterator[Moment]:
    """The ledger keeps the Session of a sale's events and the payment of what came after."""
    about = [order.checkout_session_id, *([order.payment_intent_id] if order.payment_intent_id else [])]
    rows = db.session.scalars(
        select(StripeEvent)
        .where(StripeEvent.object_id.in_(about), StripeEvent.mode == order.mode)
        .order_by(StripeEvent.received_at, StripeEvent.id)
        .execution_options(populate_existing=True)
    )
    for row in rows:
        yield Moment(at=row.received_at, kind=MomentKind.EVENT, subject=row.id, text=_event_words(row))


def _event_words(row: StripeEvent) -> str:
    times = "once" if row.attempts == 1 else f"{row.attempts} times"
    error = f"; last error {row.last_error}" if row.last_error else ""
    return f"event {row.type} ({row.id}), looked at {times}: {row.outcome or 'not handled yet'}{error}"
