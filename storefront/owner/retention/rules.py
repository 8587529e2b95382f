"""What is forgotten, how long after, and how. What a sale, a limit or a second try still needs is never found.

A row whose unique key keeps an email from leaving twice stays, without its address. So does a download, which
counts for a limit. What is found leaves the index that found it, so no pass reads what an earlier one has done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    cast,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.core.config.retention import KeepDays
from storefront.delivery.downloads.models import Download
from storefront.delivery.refusals import Refusal
from storefront.mail.models import MAY_LEAVE, WRITTEN_BY_HAND, MailKind, OutboxMessage
from storefront.orders.in_dispute import is_in_no_dispute
from storefront.orders.models import Grant, Order, OrderItem
from storefront.orders.sent_answers import SentAnswer
from storefront.owner.readiness.models import Question, ReadinessAnswer
from storefront.payments.checkout.models import Checkout
from storefront.payments.webhook.models import StripeEvent

Ids = Sequence[Any]

# Of no order, and about something that happens once: no state owes them a second time.
TOLD_ONCE = (
    MailKind.RECONCILE_REPORT,
    MailKind.TEST_RECEIPT,
    MailKind.TEST_EMAIL,
    MailKind.TEST_MAIL,
    MailKind.SECURITY_NOTICE,
    MailKind.INVITATION,
    MailKind.AVAILABILITY_CONFIRM,
    MailKind.AVAILABLE,
)
NO_ADDRESS: ColumnElement[str] = literal_column("''")  # no parameter: only so an engine knows its partial index


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`find` selects the ids of what was done before a moment, oldest first; `forget` takes what it found."""

    name: str
    words: str  # for people: what becomes of what
    setting: str
    days: Callable[[KeepDays], int]
    key: InstrumentedAttribute[Any]
    find: Callable[[datetime], Select[Any]]
    forget: Callable[[Session, Ids], None]


def _find_events(before: datetime) -> Select[Any]:
    """By both moments: `payments/webhook/ledger.py` takes no event that is older at Stripe."""
    of_order = or_(
        Order.checkout_session_id == StripeEvent.object_id, Order.payment_intent_id == StripeEvent.object_id
    )
    return (
        select(StripeEvent.id)
        .where(
            StripeEvent.received_at <= before,
            StripeEvent.created_at <= before,
            StripeEvent.handled_at.is_not(None),
            is_in_no_dispute(Order.id, of_order),
        )
        .order_by(StripeEvent.received_at)
    )


def _find_emails(before: datetime) -> Select[Any]:
    """The last test email of the list "ready to sell" stays: it says that email works."""
    is_shown = exists().where(
        ReadinessAnswer.name == Question.TEST_MAIL,
        ReadinessAnswer.body["about"].as_string() == OutboxMessage.about,
    )
    return (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.recipient != NO_ADDRESS,
            OutboxMessage.created_at <= before,
            OutboxMessage.state.not_in(MAY_LEAVE),  # so written, it leads to no other index
            or_(OutboxMessage.sent_at.is_(None), OutboxMessage.sent_at <= before),
            or_(OutboxMessage.kind != MailKind.TEST_MAIL, ~is_shown),
            is_in_no_dispute(OutboxMessage.order_id),
        )
        .order_by(OutboxMessage.created_at)
    )


def _forget_emails(session: Session, ids: Ids) -> None:
    these = OutboxMessage.id.in_(ids)
    # What a helper wrote goes with the address that it went to. Ids are never given twice (`core/db.py`).
    written = select(cast(OutboxMessage.about, Integer)).where(these, OutboxMessage.kind.in_(WRITTEN_BY_HAND))
    _run(session, delete(SentAnswer).where(SentAnswer.id.in_(written)))
    told_once = OutboxMessage.kind.in_(TOLD_ONCE), OutboxMessage.order_id.is_(None)
    _run(session, delete(OutboxMessage).where(these, *told_once))
    _run(session, update(OutboxMessage).where(these).values(recipient=""))


def _find_downloads(before: datetime) -> Select[Any]:
    of_order = OrderItem.id == Grant.order_item_id, Grant.id == Download.grant_id
    return (
        select(Download.id)
        .where(
            Download.client.is_not(None),
            Download.at <= before,
            is_in_no_dispute(OrderItem.order_id, *of_order),
        )
        .order_by(Download.at)
    )


def _forget_downloads(session: Session, ids: Ids) -> None:
    _run(session, update(Download).where(Download.id.in_(ids)).values(client=None))


def _find_checkouts(before: datetime) -> Select[Any]:
    """By both moments: a row that is taken up again long after has a Session that somebody may be paying."""
    of_order = Order.checkout_session_id == Checkout.checkout_session_id
    return (
        select(Checkout.id)
        .where(
            Checkout.body.is_not(None),
            Checkout.created_at <= before,
            or_(Checkout.expires_at.is_(None), Checkout.expires_at <= before),
            is_in_no_dispute(Order.id, of_order),
        )
        .order_by(Checkout.created_at)
    )


def _forget_checkouts(session: Session, ids: Ids) -> None:
    """What became an order keeps its cart, for "buy again" and upgrades."""
    these = Checkout.id.in_(ids)
    is_order = exists().where(Order.checkout_session_id == Checkout.checkout_session_id)
    _run(session, delete(Checkout).where(these, ~is_order))
    _run(session, update(Checkout).where(these).values(body=null(), client_secret=None, url=None))


def _find_unsent(before: datetime) -> Select[Any]:
    """Its buyer left before Stripe was asked. What was paid has its Session, with or without a body."""
    return (
        select(Checkout.id)
        .where(
            Checkout.body.is_(null()),
            Checkout.expires_at.is_(None),
            Checkout.created_at <= before,
            func.coalesce(Checkout.checkout_session_id, "") == "",  # so written, it leads to no other index
        )
        .order_by(Checkout.created_at)
    )


def _forget_unsent(session: Session, ids: Ids) -> None:
    _run(session, delete(Checkout).where(Checkout.id.in_(ids)))


def _find_refusals(before: datetime) -> Select[Any]:
    return select(Refusal.id).where(Refusal.at <= before, is_in_no_dispute(Refusal.order_id)).order_by(Refusal.at)


def _forget_refusals(session: Session, ids: Ids) -> None:
    _run(session, delete(Refusal).where(Refusal.id.in_(ids)))


def _forget_events(session: Session, ids: Ids) -> None:
    _run(session, delete(StripeEvent).where(StripeEvent.id.in_(ids)))


def _run(session: Session, statement: Any) -> None:  # noqa: ANN401 - a delete or an update
    session.execute(statement.execution_options(synchronize_session=False))


RULES = (
    Rule(
        name="events",
        words="handled deliveries of Stripe are deleted",
        setting="KEEP_EVENTS_DAYS",
        days=lambda keep: keep.events,
        key=StripeEvent.id,
        find=_find_events,
        forget=_forget_events,
    ),
    Rule(
        name="emails",
        words="emails that left, or never will, lose address and answer; the shop's own are deleted",
        setting="KEEP_EMAILS_DAYS",
        days=lambda keep: keep.emails,
        key=OutboxMessage.id,
        find=_find_emails,
        forget=_forget_emails,
    ),
    Rule(
        name="downloads",
        words="downloads lose what they were made with, and go on counting",
        setting="KEEP_DOWNLOADS_DAYS",
        days=lambda keep: keep.downloads,
        key=Download.id,
        find=_find_downloads,
        forget=_forget_downloads,
    ),
    Rule(
        name="checkouts",
        words="checkouts that nobody paid are deleted; others lose what Stripe was asked",
        setting="KEEP_CHECKOUTS_DAYS",
        days=lambda keep: keep.checkouts,
        key=Checkout.id,
        find=_find_checkouts,
        forget=_forget_checkouts,
    ),
    Rule(
        name="unsent_checkouts",
        words="checkouts that Stripe was not asked about are deleted",
        setting="KEEP_CHECKOUTS_DAYS",
        days=lambda keep: keep.checkouts,
        key=Checkout.id,
        find=_find_unsent,
        forget=_forget_unsent,
    ),
    Rule(
        name="refusals",
        words="refused downloads and devices are deleted",
        setting="KEEP_REFUSALS_DAYS",
        days=lambda keep: keep.refusals,
        key=Refusal.id,
        find=_find_refusals,
        forget=_forget_refusals,
    ),
)
