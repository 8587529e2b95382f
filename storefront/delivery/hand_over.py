"""Hands gifts over on their day: the receiver becomes the holder, in the transaction that promises the email."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.delivery.contents import read_contents
from storefront.delivery.licenses.begin_days import begin_days
from storefront.mail.models import MailKind
from storefront.orders.access import order_access
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.customers import ensure_customer
from storefront.orders.emails import promise_once_for
from storefront.orders.gift_models import Gift
from storefront.orders.models import Decision, Order, OrderItem

BATCH = 100  # handed over a minute
AT_ONCE = 500  # looked at
A_WAIT = timedelta(hours=1)  # what leaves sooner was sent at once, and its days begin like those of any order


def hand_over_due() -> int:
    """Hand over what is due, and return how many. A closed order's gift waits: it may open again.

    One cheap question where there is none.
    """
    done = sum(_hand_over_once(order_id) for order_id in list(islice(_find_open(_find_due()), BATCH)))
    if done:
        nudge("outbox")
    return done


def _find_due() -> list[int]:
    """Return the orders of gifts whose day has come, of either mode: led by gifts, whatever the engine knows."""
    due = select(Gift.order_id).where(
        Gift.handed_over_at.is_(None),
        Gift.order_id.is_not(None),
        Gift.email != "",
        Gift.send_on <= clock.now().date(),
    )
    return list(db.session.scalars(due.order_by(Gift.send_on, Gift.id)))


def _find_open(order_ids: list[int]) -> Iterator[int]:
    """Narrow them to those that may be handed over, in the same order."""
    has_items_left = exists().where(OrderItem.order_id == Order.id, OrderItem.is_refunded.is_(False))
    for start in range(0, len(order_ids), AT_ONCE):
        some = order_ids[start : start + AT_ONCE]
        orders = db.session.scalars(
            select(Order).where(
                Order.id.in_(some),
                Order.fulfilled_at.is_not(None),
                ((Order.refunded_minor < Order.total_minor) & has_items_left) | (Order.decision == Decision.ALLOW),
            )
        )
        mode = settings().mode
        allowed = {order.id for order in orders if order.mode == mode and order_access(order).allowed}
        yield from (order_id for order_id in some if order_id in allowed)


def _hand_over_once(order_id: int) -> bool:
    with transaction() as session:
        order, gift = lock_gift(session, order_id)
        is_due = gift.email != "" and gift.send_on <= clock.now().date()
        if not is_due or gift.handed_over_at is not None or not may_hand_over(order):
            return False
        hand_over(session, order, gift)
    return True


def lock_gift(session: Session, order_id: int) -> tuple[Order, Gift]:
    """Lock the order, which stands for its gift. Raises NoResultFound for an order that is none.

    Who has locked a key of it, and writes what happened to it, does not wait: its keys are locked next.
    """
    order = session.get_one(Order, order_id, with_for_update={"key_share": True}, populate_existing=True)
    found = select(Gift).where(Gift.order_id == order_id).execution_options(populate_existing=True)
    return order, session.scalars(found).one()


def may_hand_over(order: Order) -> bool:
    """Tell whether it is paid, and something of it is open. One statement."""
    return order.fulfilled_at is not None and read_contents(order, with_files=False).access.allowed


def hand_over(session: Session, order: Order, gift: Gift) -> None:
    """Make the receiver the holder and promise the email; in the caller's transaction, with the order locked.

    Its days begin when it is handed over first: another receiver gets what is left of them.
    """
    now = clock.now()
    order.holder_id = ensure_customer(session, mode=order.mode, email=gift.email)
    if gift.handed_over_at is None and now - order.bought_at >= A_WAIT:
        order.days_begin_at = now
        begin_days(session, order, now)
    gift.handed_over_at = now
    about = f"{gift.id}:{gift.token_version}"
    promise_once_for(session, order, MailKind.GIFT, recipient=gift.email, about=about)
    add_change(session, order.id, ChangeKind.GIFT, "handed over to who receives it")
