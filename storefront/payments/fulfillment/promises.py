"""The mails that an order's state owes, each once: promised in the transaction of what they tell."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.runtime import settings
from storefront.customers.models import Customer, email_key
from storefront.customers.unproven import unproven_key
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.orders.after_sale import TO_ANSWER
from storefront.orders.disputes import answer_stage
from storefront.orders.emails import promise_for, promise_once_for
from storefront.orders.models import Grant, Order, OrderItem
from storefront.payments.fulfillment.grants import granted_products
from storefront.stripe_api.seen import SeenAfterSale, SeenDispute, SeenRefund

ONCE_WITHIN = timedelta(hours=1)


def promise_state(session: Session, order: Order, *, hold: bool) -> bool:
    """Receipt, "waiting for your bank" or "payment failed": held where a page shows it at once.

    The mail of a free order is `promise_free`'s.
    """
    if order.is_paid and order.total_minor == 0:
        return False
    kind = MailKind.RECEIPT
    if not order.is_paid:
        kind = MailKind.PAYMENT_FAILED if order.has_failed else MailKind.WAITING_FOR_BANK
    return promise_once_for(session, order, kind, hold=hold)


def promise_free(session: Session, order: Order, repeated: Mapping[int, Order]) -> None:
    """What costs nothing is handed out by mail alone, at most one an hour for each address and product.

    The receipt of what is new, at once; where the same was mailed within the hour (a promotion code may be used
    often), when that hour is over. For what the address has already (`repeated`: product -> its order) the receipt
    of that order again, of a gift its email to who received it, or nothing: it went there within the hour.
    """
    mailed = _find_mailed(session, order)
    own = granted_products(session, order)
    if own:
        promise_once_for(session, order, MailKind.RECEIPT, not_before=_hour_is_over(own, mailed))
    for earlier, products in _by_order(repeated):
        if mailed.keys().isdisjoint(products):
            # The number is random, and its order is fulfilled once.
            promise_for(session, earlier, _kind_for_holder(earlier), again=order.number)


def _kind_for_holder(order: Order) -> MailKind:
    """Return the mail that brings all of an order to who has it: a gift's receipt goes to its giver."""
    return MailKind.GIFT if order.is_gift else MailKind.RECEIPT


def _hour_is_over(products: Iterable[int], mailed: Mapping[int, datetime]) -> datetime | None:
    """Return when the newest mail with one of these is an hour old; None where there was none."""
    last = max((mailed[product] for product in products if product in mailed), default=None)
    return last + ONCE_WITHIN if last else None


def _by_order(repeated: Mapping[int, Order]) -> list[tuple[Order, list[int]]]:
    """Return each earlier order with the ids of its products that were asked for again."""
    orders = {order.id: order for order in repeated.values()}
    return [
        (order, [product for product, owner in repeated.items() if owner.id == order.id])
        for order in orders.values()
    ]


def _find_mailed(session: Session, order: Order) -> dict[int, datetime]:
    """Product id -> when a receipt, or a gift's email, with it went to this address, or will; within the hour."""
    known = select(Customer.id).where(
        Customer.mode == order.mode, Customer.email_key.in_((email_key(order.email), unproven_key(order.email)))
    )
    handed_out = func.coalesce(Grant.product_id, OrderItem.product_id)  # of a bundle, its parts
    rows = session.execute(
        select(handed_out.label("product_id"), OutboxMessage.created_at, OutboxMessage.due_at)
        .select_from(OrderItem)
        .join(Order, Order.id == OrderItem.order_id)
        .outerjoin(Grant, Grant.order_item_id == OrderItem.id)
        .join(OutboxMessage, OutboxMessage.order_id == Order.id)
        .where(
            Order.holder_id.in_(known),
            handed_out.is_not(None),
            OutboxMessage.kind == case((Order.is_gift, MailKind.GIFT), else_=MailKind.RECEIPT),
            OutboxMessage.state != MailState.CANCELED,
            or_(
                OutboxMessage.created_at > clock.now() - ONCE_WITHIN,
                OutboxMessage.due_at > clock.now() - ONCE_WITHIN,
            ),
        )
    )
    mailed: dict[int, datetime] = {}
    for row in rows:
        mailed[row.product_id] = max(row.created_at, row.due_at, mailed.get(row.product_id, row.created_at))
    return mailed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owed:
    """An email about something that followed the sale; `stage` tells the emails of one dispute or refund apart."""

    kind: MailKind
    recipient: str
    about: str
    stage: str = ""


def promise_after_sale(
    session: Session, order: Order, seen: SeenAfterSale, *, lost_refunds: Collection[str]
) -> bool:
    """Promise an email for each refund and its failure (buyer), fraud warning and dispute stage (owner).

    `lost_refunds` are the ids of those that counted until now: what failed long ago is no news.
    Return True if one is new.
    """
    owner = settings().owner_email
    to_buyer = _owed_to_buyer(session, order, seen.refunds or (), lost_refunds)
    owed = [*to_buyer, *(_owed_to_owner(owner, seen) if owner else ())]
    new = [
        promise_once_for(session, order, mail.kind, recipient=mail.recipient, about=mail.about, again=mail.stage)
        for mail in owed
    ]
    return any(new)


def _owed_to_buyer(
    session: Session, order: Order, refunds: Iterable[SeenRefund], lost: Collection[str]
) -> Iterator[_Owed]:
    for refund in refunds:
        if refund.counts:
            # What Stripe looks at first may need its buyer's answer after that, and what was answered is sent.
            stage = TO_ANSWER if refund.status == TO_ANSWER else ""
            yield _Owed(kind=MailKind.REFUNDED, recipient=order.email, about=refund.id, stage=stage)
        elif refund.id in lost and _is_told(session, order, refund):
            yield _Owed(kind=MailKind.REFUND_FAILED, recipient=order.email, about=refund.id)


def _is_told(session: Session, order: Order, refund: SeenRefund) -> bool:
    """Tell whether the email of this refund has left, or leaves at this moment; locked, so no worker takes it."""
    promised = (
        select(OutboxMessage.state)
        .where(
            OutboxMessage.order_id == order.id,
            OutboxMessage.kind == MailKind.REFUNDED,
            OutboxMessage.about == refund.id,
        )
        .with_for_update()
    )
    return any(state in (MailState.SENT, MailState.SENDING) for state in session.scalars(promised).all())


def _owed_to_owner(owner: str, seen: SeenAfterSale) -> Iterator[_Owed]:
    yield from _owed_for_disputes(owner, seen.disputes or ())
    for warning in seen.warnings or ():
        if warning.is_actionable:
            yield _Owed(kind=MailKind.FRAUD_WARNING, recipient=owner, about=warning.id)


def _owed_for_disputes(owner: str, disputes: Iterable[SeenDispute]) -> Iterator[_Owed]:
    for dispute in disputes:
        stage = answer_stage(dispute.status)
        if stage is not None:
            yield _Owed(kind=MailKind.DISPUTE_OPENED, recipient=owner, about=dispute.id, stage=stage.value)
