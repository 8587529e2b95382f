"""The receipt sent again: by its buyer to the order's own address, by the owner also to another one."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record_if_asked
from storefront.core import clock, tokens
from storefront.core.db import transaction
from storefront.core.email_addresses import is_address, pasted_address
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.queue import nudge
from storefront.core.texts import marked
from storefront.customers import signed_in_browsers
from storefront.customers.merging import forget_stranger
from storefront.customers.models import Customer, email_key
from storefront.delivery.contents import read_contents
from storefront.delivery.downloads.counting import add_allowance
from storefront.mail.failures import readdressed
from storefront.mail.models import MAY_LEAVE, NOT_LEFT, MailKind, MailState, OutboxMessage
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.customers import ensure_customer
from storefront.orders.emails import are_mails_of, promise_for
from storefront.orders.links import renew_link
from storefront.orders.lookup import is_named, not_found
from storefront.orders.models import Order
from storefront.orders.refund_words import closed_sentence, find_waiting

ONCE_WITHIN = timedelta(hours=1)


class NothingToSend(StorefrontError):
    code = "nothing_to_send"
    status = 409
    title = marked("There is nothing to send")


class AddressRefused(StorefrontError):
    code = "address_refused"
    title = "This is not an email address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent:
    """`was_sent_lately` is true where the same mail was asked for within the hour: it is not sent twice.

    `not_sent` says why an order whose address was corrected has no receipt yet.
    """

    number: str
    email: str
    has_moved: bool
    was_sent_lately: bool
    not_sent: str = ""


def resend_own(order_id: int) -> Resent:
    """Send the receipt by the buyer's button: to the order's own address, at most once an hour.

    Raises:
        NothingToSend: the order is closed, or not paid.
    """
    return _resend(Order.id == order_id, to=None, new_link=False, adds_downloads=False)


def resend(
    reference: str, *, to: str | None = None, new_link: bool = False, shown_link: int | None = None
) -> Resent:
    """Send the receipt by the owner's command; every file may be downloaded once more.

    Another address takes the order along, with its keys, devices and link, and mails that have not left: also
    an order that waits for its bank, or is closed, which has no receipt to send.
    `new_link` makes the old link useless: it was read by somebody else. `shown_link` is the version of the link
    that somebody looked at: where there is a newer one already, no other is made.

    Raises:
        NotFound: no such order in the running mode.
        AddressRefused, NothingToSend: nothing was changed.
    """
    to = pasted_address(to) if to is not None else None
    if to is not None and not is_address(to):
        raise AddressRefused(f"{to} is not an email address.")
    try:
        return _resend(is_named(reference), to=to, new_link=new_link, adds_downloads=True, shown_link=shown_link)
    except NotFound as error:
        raise not_found(reference) from error


def _resend(
    which: ColumnElement[bool],
    *,
    to: str | None,
    new_link: bool,
    adds_downloads: bool,
    shown_link: int | None = None,
) -> Resent:
    with transaction() as session:
        order = _lock_addressed(session, which)
        customer_id = order.customer_id
        has_moved = to is not None and email_key(to) != email_key(order.email)
        if to is not None and has_moved:
            _move(session, order, to.strip())
        new_link = new_link and shown_link in (None, order.token_version)
        if new_link:
            _renew_link(session, order)
        not_sent = _why_not_sent(order)
        _check_is_sent(order, not_sent, has_moved=has_moved)
        is_new = not not_sent and _promise_receipt(session, order, adds_downloads=adds_downloads)
        resent = Resent(
            number=order.number,
            email=order.email,
            has_moved=has_moved,
            was_sent_lately=not is_new and not not_sent,
            not_sent=not_sent,
        )
        _record(session, order, resent, new_link=new_link, customer_before=customer_id)
    nudge("outbox")
    return resent


def _check_is_sent(order: Order, not_sent: str, *, has_moved: bool) -> None:
    """Raises NothingToSend."""
    if not_sent and not has_moved:
        raise NothingToSend(marked("Order %(number)s: %(why)s", number=order.number, why=not_sent))
    if not order.email:
        raise NothingToSend(f"Order {order.number} has no address: `--to` gives it one.")


def _lock_addressed(session: Session, which: ColumnElement[bool]) -> Order:
    """Raises NotFound, and NothingToSend for an order whose buyer had the address erased."""
    order = session.scalars(
        select(Order).where(which).with_for_update().execution_options(populate_existing=True)
    ).first()
    if order is None:
        raise NotFound(marked("There is no such order."))
    if order.erased_at is not None:
        raise NothingToSend(f"Order {order.number} has no address any more: its buyer had it erased.")
    return order


def _why_not_sent(order: Order) -> str:
    """Return why the order has no receipt to send; empty where it has one."""
    contents = read_contents(order, with_files=False)
    if contents.access.allowed and order.fulfilled_at is not None:
        return ""
    return closed_sentence(order, contents.access, find_waiting([order]), is_upgrade=contents.is_upgrade)


def _record(session: Session, order: Order, done: Resent, *, new_link: bool, customer_before: int) -> None:
    """Name the new address by its customer's id: an entry stays when the customer is erased."""
    is_sent = not done.not_sent and not done.was_sent_lately
    if is_sent or done.has_moved or new_link:
        record_if_asked(
            session,
            "order.resent",
            subject_kind="order",
            subject=order.number,
            before={"customer": customer_before},
            after={
                "receipt": is_sent,
                "new_link": new_link,
                "new_address": done.has_moved,
                "customer": order.customer_id,
            },
        )


def _promise_receipt(session: Session, order: Order, *, adds_downloads: bool) -> bool:
    """Return False where the same one was asked for within the hour. The order is locked: nobody asks at once."""
    known = (
        OutboxMessage.order_id == order.id,
        OutboxMessage.kind == MailKind.RECEIPT,
        OutboxMessage.recipient == order.email,
        OutboxMessage.state.in_((MailState.QUEUED, MailState.SENDING, MailState.SENT)),
        OutboxMessage.about == _about(order),
        OutboxMessage.created_at > clock.now() - ONCE_WITHIN,
    )
    if session.scalar(select(OutboxMessage.id).where(*known).limit(1)) is not None:
        return False
    if adds_downloads:
        add_allowance(session, order.id, downloads=1)
    older = (
        OutboxMessage.order_id == order.id,
        OutboxMessage.kind == MailKind.RECEIPT,
        OutboxMessage.state.in_(NOT_LEFT),
    )
    session.execute(
        update(OutboxMessage)
        .where(*older)
        .values(state=MailState.CANCELED, last_error="a newer one was asked for")
    )
    promise_for(session, order, MailKind.RECEIPT, about=_about(order), again=tokens.new_token())
    add_change(session, order.id, ChangeKind.RESENT, "receipt")
    return True


def _about(order: Order) -> str:
    """Say with which link a receipt was asked for."""
    return f"link {order.token_version}"


def _move(session: Session, order: Order, to: str) -> None:
    """Keys, devices and downloads hang on the order, so they come along."""
    before_id, order.customer_id = order.customer_id, ensure_customer(session, mode=order.mode, email=to)
    if not order.is_gift:
        order.holder_id = order.customer_id
    waiting = (
        are_mails_of([order], []),
        OutboxMessage.state.in_(MAY_LEAVE),
    )
    session.execute(update(OutboxMessage).where(*waiting).values(readdressed(to)))
    order.email = to
    signed_in_browsers.end_of_orders(session, [order.id])
    add_change(session, order.id, ChangeKind.ADDRESS, "corrected by the shop")
    session.flush()
    before = session.get_one(Customer, before_id, with_for_update=True, populate_existing=True)
    is_theirs = (Order.customer_id == before_id) | (Order.holder_id == before_id)
    others = select(Order.id).where(is_theirs).limit(1)
    if session.scalar(others) is None and before.email:  # nobody else ever bought with the wrong address
        forget_stranger(session, before, buyer=session.get_one(Customer, order.customer_id))


def _renew_link(session: Session, order: Order) -> None:
    renew_link(order)
    add_change(session, order.id, ChangeKind.LINK, "the old one does not work any more")
