"""Emails about one order: promised in the transaction of their cause, and resumed when access is given back."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from storefront.customers.models import Customer
from storefront.mail import outbox
from storefront.mail.models import TO_OWNER, TO_RECEIVER, MailKind, OutboxMessage
from storefront.mail.pausing import resume
from storefront.orders.gift_models import Gift
from storefront.orders.models import Order


def promise_for(session: Session, order: Order, kind: MailKind, *, about: str | None = None, again: str) -> None:
    """Promise the order's buyer an email that is new each time, due at once.

    About keys of a gift it is who received it; nobody before its day, when one email brings all there is.
    `again` tells it from the earlier ones of the same kind; see `outbox.promise` for both words.

    Raises:
        AlreadyPromised: what should be new was promised before, so an email would be missing.
    """
    recipient = _find_reader(session, order, kind)
    if recipient is None:
        return
    outbox.promise(
        session,
        kind=kind,
        order_id=order.id,
        mode=order.mode,
        recipient=recipient,
        about=about,
        again=again,
        hold=False,
    )


def _find_reader(session: Session, order: Order, kind: MailKind) -> str | None:
    if not order.is_gift or kind not in TO_RECEIVER:
        return order.email
    # Shared: whoever gives it to another address at this moment ends first, and the email goes there.
    locked = select(Gift).where(Gift.order_id == order.id).with_for_update(read=True)
    gift = session.scalars(locked.execution_options(populate_existing=True)).one()
    return gift.email if gift.handed_over_at is not None else None


def promise_once_for(
    session: Session,
    order: Order,
    kind: MailKind,
    *,
    recipient: str | None = None,
    about: str | None = None,
    again: str = "",
    hold: bool = False,
    not_before: datetime | None = None,
) -> bool:
    """Promise an email that the order's state owes, to its buyer unless a recipient is named.

    Return False where it was promised before.
    """
    return outbox.promise_once(
        session,
        kind=kind,
        order_id=order.id,
        mode=order.mode,
        recipient=order.email if recipient is None else recipient,
        about=about,
        again=again,
        hold=hold,
        not_before=not_before,
    )


def resume_mails(session: Session, order: Order) -> bool:
    """Let emails go on that waited for access, inside the transaction that changed a fact. True: nudge the outbox.

    Safe to repeat, also where nothing opened: each email asks `access()` again before it leaves.
    """
    if order.holder_id is None:
        return resume(session, order.id, [])
    moved = session.scalars(select(Customer.id).where(Customer.moved_to_id == order.holder_id))
    return resume(session, order.id, [order.holder_id, *moved])


def are_mails_of(bought: Sequence[Order], received: Collection[int]) -> ColumnElement[bool]:
    """Select the mails about what a customer bought, and about gifts (order ids) that they received.

    Of a gift, who paid has those about money, and who received it those about keys.
    """
    given = OutboxMessage.order_id.in_([order.id for order in bought if order.is_gift])
    is_about_keys = OutboxMessage.kind.in_(TO_RECEIVER)
    of_orders = OutboxMessage.order_id.in_([order.id for order in bought])
    as_buyer = of_orders & OutboxMessage.kind.not_in(TO_OWNER) & ~(given & is_about_keys)
    return as_buyer | (OutboxMessage.order_id.in_(received) & is_about_keys)
