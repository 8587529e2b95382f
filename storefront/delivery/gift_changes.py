"""What giver and shop change of a gift: before its day all of it, afterwards only where its email goes."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock, tokens
from storefront.core.db import transaction
from storefront.core.email_addresses import is_address, pasted_address
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.core.texts import joined, marked
from storefront.customers import signed_in_browsers
from storefront.customers.merging import forget_stranger
from storefront.customers.models import Customer, email_key
from storefront.delivery.contents import read_contents
from storefront.delivery.hand_over import hand_over, lock_gift, may_hand_over
from storefront.mail.models import MAY_LEAVE, NOT_LEFT, TO_RECEIVER, MailKind, MailState, OutboxMessage
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.emails import promise_for
from storefront.orders.gift_models import Gift
from storefront.orders.gifts import GiftRefused, Wish, wish_values
from storefront.orders.lookup import is_named, not_found
from storefront.orders.models import Order
from storefront.orders.refund_words import access_sentence, read_refunds

ONCE_WITHIN = timedelta(hours=1)


class AlreadySent(StorefrontError):
    code = "gift_already_sent"
    status = 409
    title = marked("This gift was sent already")


class NotAGift(StorefrontError):
    code = "not_a_gift"
    status = 409
    title = "This order is not a gift"


class GiftClosed(StorefrontError):
    code = "gift_closed"
    status = 409
    title = marked("This gift can't be sent now")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """`is_sent` tells whether an email is on its way; before the gift's day none is."""

    number: str
    email: str
    is_sent: bool


def change_gift(order_id: int, wish: Wish) -> None:
    """Write what its giver wants by now. Safe to repeat.

    Raises:
        AlreadySent: it is with its receiver. Nothing was changed.
        GiftClosed: its giver was erased, and nothing personal comes back; or the order is over, by a refund or so.
    """
    with transaction() as session:
        order, gift = lock_gift(session, order_id)
        _demand_waiting(gift)
        if order.erased_at is not None:
            raise GiftClosed(marked("The data of who gave this was erased, so it can't be changed."))
        _demand_not_over(order)
        for name, value in wish_values(wish).items():
            setattr(gift, name, value)
        add_change(session, order.id, ChangeKind.GIFT, "changed by its giver")
    nudge("gifts")


def send_now(order_id: int) -> None:
    """Hand a gift over before its day.

    Raises:
        AlreadySent: it is with its receiver.
        GiftClosed: it is not paid, or closed, or nobody knows who it is for.
    """
    with transaction() as session:
        order, gift = lock_gift(session, order_id)
        _demand_waiting(gift)
        if not may_hand_over(order) or not gift.email:
            raise GiftClosed(marked("This gift can't be sent while its order isn't paid and open."))
        hand_over(session, order, gift)
    nudge("outbox")


def resend_gift(order_id: int) -> bool:
    """Send its email again, to the same address, at most once an hour. False where it went within the hour.

    Raises:
        GiftClosed: it was not sent yet, or is closed.
    """
    with transaction() as session:
        order, gift = lock_gift(session, order_id)
        if gift.handed_over_at is None or not may_hand_over(order) or not gift.email:
            raise GiftClosed(marked("This gift can't be sent again now."))
        is_new = _promise_again(session, order, gift)
    nudge("outbox")
    return is_new


def correct_receiver(reference: str, to: str) -> Corrected:
    """Give a gift to another address, for a receiver who says "not mine" or a giver who mistyped. Safe to repeat.

    Keys and devices come along; the link of before opens nothing, and mails that have not left go to the new one.

    Raises:
        NotFound: no such order in the running mode.
        NotAGift, GiftRefused: nothing was changed.
    """
    to = pasted_address(to)
    if not is_address(to):
        raise GiftRefused(f"{to} is not an email address." if to else "Type an email address.")
    with transaction() as session:
        order, gift = _lock_named(session, is_named(reference), reference)
        if email_key(to) != gift.email_key:
            _move(session, order, gift, to)
        corrected = Corrected(number=order.number, email=gift.email, is_sent=gift.handed_over_at is not None)
    nudge("outbox")
    return corrected


def _lock_named(session: Session, which: ColumnElement[bool], reference: str) -> tuple[Order, Gift]:
    row = session.execute(select(Order.id, Order.is_gift, Order.number).where(which)).first()
    if row is None:
        raise not_found(reference)
    if not row.is_gift:
        raise NotAGift(f"Order {row.number} is not a gift. `storefront orders resend --to` moves an order.")
    return lock_gift(session, row.id)


def _move(session: Session, order: Order, gift: Gift, to: str) -> None:
    before_id = order.holder_id
    gift.email, gift.email_key = to, email_key(to)
    if gift.handed_over_at is not None:
        gift.token_version += 1
        _stop_mails(session, order)
        hand_over(session, order, gift)
        signed_in_browsers.end_of_orders(session, [order.id])
        _forget_stranger(session, before_id, order)
    else:
        add_change(session, order.id, ChangeKind.GIFT, "its address was corrected by the shop")
    record(
        session,
        "gift.corrected",
        subject_kind="order",
        subject=order.number,
        before={"receiver": before_id},
        after={"receiver": order.holder_id},
    )


def _stop_mails(session: Session, order: Order) -> None:
    """Stop what has not left: the email that is promised next has all of it."""
    waiting = (
        OutboxMessage.order_id == order.id,
        OutboxMessage.kind.in_(TO_RECEIVER),
        OutboxMessage.state.in_(MAY_LEAVE),
    )
    values = {"state": MailState.CANCELED, "last_error": "the gift goes to another address by now"}
    session.execute(update(OutboxMessage).where(*waiting).values(**values))


def _forget_stranger(session: Session, before_id: int | None, order: Order) -> None:
    """Keep no address of somebody who was written to by mistake, and has nothing here."""
    if before_id is None or before_id == order.holder_id:
        return
    session.flush()
    others = select(Order.id).where((Order.customer_id == before_id) | (Order.holder_id == before_id)).limit(1)
    known = select(Customer).where(Customer.id == before_id, Customer.email != "")
    # Not who is locked: two corrections the other way round would wait for each other.
    before = session.scalars(
        known.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).first()
    if before is not None and session.scalar(others) is None:
        forget_stranger(session, before, buyer=session.get_one(Customer, order.holder_id))


def _demand_waiting(gift: Gift) -> None:
    if gift.handed_over_at is not None:
        raise AlreadySent(
            marked(
                "This gift was sent already, so it can't be changed. You can send it to the same address again."
            )
        )


def _demand_not_over(order: Order) -> None:
    access = read_contents(order, with_files=False).access
    if access.is_over:
        why = access_sentence(order, access, read_refunds(order), is_upgrade=False)
        raise GiftClosed(joined(marked("This gift can't be changed any more."), why))


def _promise_again(session: Session, order: Order, gift: Gift) -> bool:
    known = (OutboxMessage.order_id == order.id, OutboxMessage.kind == MailKind.GIFT)
    lately = (
        OutboxMessage.recipient == gift.email,
        OutboxMessage.state.in_((MailState.QUEUED, MailState.SENDING, MailState.SENT)),
        OutboxMessage.created_at > clock.now() - ONCE_WITHIN,
    )
    if session.scalar(select(OutboxMessage.id).where(*known, *lately).limit(1)) is not None:
        return False
    older = update(OutboxMessage).where(*known, OutboxMessage.state.in_(NOT_LEFT))
    session.execute(older.values(state=MailState.CANCELED, last_error="a newer one was asked for"))
    promise_for(session, order, MailKind.GIFT, about=f"{gift.id}:{gift.token_version}", again=tokens.new_token())
    add_change(session, order.id, ChangeKind.RESENT, "gift")
    return True
