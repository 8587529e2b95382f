"""Copies what a payment's refunds, disputes and fraud warnings are now, and writes the order's timeline."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core import money
from storefront.core.db import Base
from storefront.orders.access import Access
from storefront.orders.after_sale import Dispute, FraudWarning, Refund
from storefront.orders.changes import ChangeKind, add_change, write_change
from storefront.orders.day_sums import count_again
from storefront.orders.models import Order, OrderItem
from storefront.stripe_api.seen import SeenAfterSale, SeenDispute, SeenRefund, SeenWarning

NOTHING: Mapping[str, Any] = MappingProxyType({})


def note_access(session: Session, order_id: int, before: Access | None, now: Access) -> None:
    """Write what has changed. Of a sale that opens at once the order says it: it is paid and fulfilled."""
    if before is None:
        if not now.allowed:
            write_change(session, order_id, ChangeKind.ACCESS, _word(now))
    elif before.reason != now.reason:
        write_change(session, order_id, ChangeKind.ACCESS, f"{_word(before)}, now {_word(now)}")


def _word(access: Access) -> str:
    return f"{'allowed' if access.allowed else 'denied'} ({access.reason.value})"


def copy_after_sale(session: Session, order: Order, seen: SeenAfterSale) -> frozenset[str]:
    """Write rows and timeline lines for what is new or has changed; an item that a refund names is marked.

    Return the ids of the refunds that counted until now.
    """
    lost = frozenset(refund.id for refund in seen.refunds or () if _copy_refund(session, order, refund))
    for dispute in seen.disputes or ():
        _copy_dispute(session, order, dispute)
    for warning in seen.warnings or ():
        _copy_warning(session, order, warning)
    if seen.refunds is not None:
        _mark_items(session, order, seen.refunds)
    return lost


def _copy_refund(session: Session, order: Order, refund: SeenRefund) -> bool:
    """Return True where it counted until now, and gave nothing back in the end."""
    before = session.get(Refund, refund.id)
    counted = before is not None and before.counts
    # The items say themselves what becomes of them, and the status whether an answer is awaited.
    silent = {"positions": sorted(refund.items) or None, "answer_by": refund.answer_by}
    if _copy(session, Refund, refund.id, {"order_id": order.id, **_refund_values(refund)}, silent):
        count_again(session, [refund.created_at])
        amount = money.format_money(refund.amount_minor, refund.currency)
        add_change(session, order.id, ChangeKind.REFUND, f"{amount}, {refund.status}")
    return counted and not refund.counts


def _copy_dispute(session: Session, order: Order, dispute: SeenDispute) -> None:
    if _copy(session, Dispute, dispute.id, {"order_id": order.id, **_dispute_values(dispute)}):
        amount = money.format_money(dispute.amount_minor, dispute.currency)
        add_change(session, order.id, ChangeKind.DISPUTE, f"{amount}, {dispute.reason}, {dispute.status}")


def _copy_warning(session: Session, order: Order, warning: SeenWarning) -> None:
    if _copy(session, FraudWarning, warning.id, {"order_id": order.id, **_warning_values(warning)}):
        word = "actionable" if warning.is_actionable else "settled"
        add_change(session, order.id, ChangeKind.FRAUD_WARNING, f"{warning.fraud_type}, {word}")


def _refund_values(refund: SeenRefund) -> dict[str, Any]:
    return {
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "status": refund.status,
        "reason": refund.reason,
        "presentment_minor": refund.presentment_minor,
        "presentment_currency": refund.presentment_currency,
        "created_at": refund.created_at,
    }


def _dispute_values(dispute: SeenDispute) -> dict[str, Any]:
    return {
        "amount_minor": dispute.amount_minor,
        "currency": dispute.currency,
        "status": dispute.status,
        "reason": dispute.reason,
        "respond_by": dispute.respond_by,
        "created_at": dispute.created_at,
    }


def _warning_values(warning: SeenWarning) -> dict[str, Any]:
    return {
        "fraud_type": warning.fraud_type,
        "is_actionable": warning.is_actionable,
        "created_at": warning.created_at,
    }


def _copy(
    session: Session,
    model: type[Base],
    stripe_id: str,
    values: dict[str, Any],
    silent: Mapping[str, Any] = NOTHING,
) -> bool:
    """True when the row is new, or not what it was; what is `silent` changes without a word."""
    row = session.get(model, stripe_id)
    if row is None:
        session.add(model(id=stripe_id, **values, **silent))
        return True
    changed = {name: value for name, value in (values | {**silent}).items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed.keys() - silent.keys())


def _mark_items(session: Session, order: Order, refunds: Iterable[SeenRefund]) -> None:
    named = _named_positions(refunds)
    for item in session.scalars(select(OrderItem).where(OrderItem.order_id == order.id)):
        if item.is_refunded != (item.position in named):
            item.is_refunded = item.position in named
            word = "refunded" if item.is_refunded else "restored"
            add_change(session, order.id, ChangeKind.ITEM, f"{item.description}: {word}")


def _named_positions(refunds: Iterable[SeenRefund]) -> set[int]:
    return {position for refund in refunds if refund.counts for position in refund.items}
