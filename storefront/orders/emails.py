"""Emails about one order: promised in the transaction of their cause, and resumed when access is given back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.customers.models import Customer
from storefront.mail import outbox
from storefront.mail.models import MailKind
from storefront.mail.pausing import resume
from storefront.orders.models import Order


def promise_for(session: Session, order: Order, kind: MailKind, *, about: str | None = None, again: str) -> None:
    """Promise the order's buyer an email that is new each time, due at once.

    `again` tells it from the earlier ones of the same kind; see `outbox.promise` for both words.

    Raises:
        AlreadyPromised: what should be new was promised before, so an email would be missing.
    """
    outbox.promise(
        session,
        kind=kind,
        order_id=order.id,
        mode=order.mode,
        recipient=order.email,
        about=about,
        again=again,
        hold=False,
    )


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
    moved = session.scalars(select(Customer.id).where(Customer.moved_to_id == order.customer_id))
    return resume(session, order.id, [order.customer_id, *moved])
