"""The owner's word on one order: withdraw it, keep it open whatever the payment says, or follow the payment."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import reason_field, record
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.orders.access import Access, read_access
from storefront.orders.after_sale import OrderChange
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.emails import resume_mails
from storefront.orders.lookup import is_named, not_found
from storefront.orders.models import Decision, Order


class NotPaid(StorefrontError):
    code = "not_paid"
    status = 409
    title = "This order is not paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    before: Access
    now: Access


def decide(reference: str, decision: Decision, *, because: str = "") -> Decided:
    """Decide about an order. Safe to repeat: keys, links and devices stay, so every decision can be undone.

    A new reason for a decision that stands is written down as well.

    Raises:
        NotFound: no such order in the running mode.
        NotPaid: nothing was handed out yet, so there is nothing to keep open.
    """
    with transaction() as session:
        order = _lock_named(session, reference)
        if decision is Decision.ALLOW and not order.is_paid:
            raise NotPaid(f"Order {order.number} is not paid, so nothing was handed out that could stay open.")
        before = read_access(session, order)
        if order.decision is not decision or (because and because != _newest_reason(session, order)):
            _set_decision(session, order, decision, because)
        if decision is not Decision.WITHDRAW:
            resume_mails(session, order)
        decided = Decided(before=before, now=read_access(session, order))
    nudge("outbox")
    return decided


def _lock_named(session: Session, reference: str) -> Order:
    order = session.scalars(
        select(Order).where(is_named(reference)).with_for_update().execution_options(populate_existing=True)
    ).first()
    if order is None:
        raise not_found(reference)
    return order


def _newest_reason(session: Session, order: Order) -> str:
    detail = session.scalar(
        select(OrderChange.detail)
        .where(OrderChange.order_id == order.id, OrderChange.what == ChangeKind.DECISION.value)
        .order_by(OrderChange.id.desc())
        .limit(1)
    )
    return (detail or "").partition(": ")[2]


def _set_decision(session: Session, order: Order, decision: Decision, because: str) -> None:
    before, order.decision = order.decision, decision
    record(
        session,
        "order.decided",
        subject_kind="order",
        subject=order.number,
        before={"decision": before.value},
        after={"decision": decision.value} | reason_field(because),
    )
    detail = f"{decision.value}: {because}" if because else decision.value
    add_change(session, order.id, ChangeKind.DECISION, detail)
