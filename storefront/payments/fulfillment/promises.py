"""The mails that an order's state owes, each once: promised in the transaction of what they tell."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.runtime import settings
from storefront.customers.models import Customer, email_key
from storefront.customers.unproven import unproven_key
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.orders.disputes import answer_stage
from storefront.orders.emails import promise_for, promise_once_for
from storefront.orders.models import Order, OrderItem
from storefront.payments.fulfillment.grants import granted_products
from storefront.stripe_api.seen import SeenAfterSale

ONCE_WITHIN = timedelta(hours=1)


def promise_state(session: Session, order: Order) -> bool:
    """Receipt, "waiting for your bank" or "payment failed": held, because the page shows it at once.

    The mail of a free order is `promise_free`'s.
    """
    if order.is_paid and order.total_minor == 0:
        return False
    kind = MailKind.RECEIPT
    if not order.is_paid:
        kind = MailKind.PAYMENT_FAILED if order.has_failed else MailKind.WAITING_FOR_BANK
    return promise_once_for(session, order, kind, hold=True)


def promise_free(session: Session, order: Order, repeated: Mapping[int, Order]) -> None:
    """What costs nothing is handed out by mail alone, at most one an hour for each address and product.

    The receipt of what is new, at once; where the same was mailed within the hour (a promotion code may be used
    often), when that hour is over. For what the address has already (`repeated`: product -> its order) the receipt
    of that order again, or nothing: it went there within the hour.
    """
    mailed = _find_mailed(session, order)
    own = granted_products(session, order)
    if own:
        last = max((mailed[product] for product in own if product in mailed), default=None)
        promise_once_for(session, order, MailKind.RECEIPT, not_before=last + ONCE_WITHIN if last else None)
    for earlier in {each.id: each for each in repeated.values()}.values():
        if any(product in mailed for product, of in repeated.items() if of.id == earlier.id):
            continue
        # The number is random, and its order is fulfilled once.
        promise_for(session, earlier, MailKind.RECEIPT, again=order.number)


def _find_mailed(session: Session, order: Order) -> dict[int, datetime]:
    """Product id -> when a receipt with it went to this address, or will go; within the hour."""
    known = select(Customer.id).where(
        Customer.mode == order.mode, Customer.email_key.in_((email_key(order.email), unproven_key(order.email)))
    )
    rows = session.execute(
        select(OrderItem.product_id, OutboxMessage.created_at, OutboxMessage.due_at)
        .join(Order, Order.id == OrderItem.order_id)
        .join(OutboxMessage, OutboxMessage.order_id == Order.id)
        .where(
            Order.customer_id.in_(known),
            OrderItem.product_id.is_not(None),
            OutboxMessage.kind == MailKind.RECEIPT,
            OutboxMessage.state != MailState.CANCELED,
            or_(
                OutboxMessage.created_at > clock.now() - ONCE_WITHIN,
                OutboxMessage.due_at > clock.now() - ONCE_WITHIN,
            ),
        )
    )
    found: dict[int, datetime] = {}
    for row in rows:
        found[row.product_id] = max(row.created_at, row.due_at, found.get(row.product_id, row.created_at))
    return found


def promise_after_sale(session: Session, order: Order, seen: SeenAfterSale) -> bool:
    """One mail for each refund (to the buyer), fraud warning and stage of a dispute (to the owner).

    True when one is new.
    """
    owner = settings().owner_email
    wanted = [(MailKind.REFUNDED, refund.id, order.email, "") for refund in seen.refunds or () if refund.counts]
    if owner:
        wanted += [
            (MailKind.DISPUTE_OPENED, dispute.id, owner, stage.value)
            for dispute in seen.disputes or ()
            if (stage := answer_stage(dispute.status)) is not None
        ]
        wanted += [
            (MailKind.FRAUD_WARNING, warning.id, owner, "")
            for warning in seen.warnings or ()
            if warning.is_actionable
        ]
    made = [
        promise_once_for(session, order, kind, recipient=recipient, about=about, again=stage)
        for kind, about, recipient, stage in wanted
    ]
    return any(made)
