"""The receipt sent again: by its buyer to the order's own address, by the owner also to another one."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront import clock, tokens
from storefront.customers.models import email_key, is_address
from storefront.db import transaction
from storefront.downloads.counting import add_allowance
from storefront.errors import NotFound, StorefrontError
from storefront.mail import outbox
from storefront.mail.models import MailState, OutboxMessage
from storefront.orders.access import access, facts_of
from storefront.orders.after_sale import OrderChange
from storefront.orders.lifecycle import ensure_customer
from storefront.orders.lookup import is_named, not_found
from storefront.orders.models import Order
from storefront.queue import nudge

WAITING = (MailState.QUEUED, MailState.FAILED)


class NothingToSend(StorefrontError):
    code = "nothing_to_send"
    status = 409
    title = "There is nothing to send"


class AddressRefused(StorefrontError):
    code = "address_refused"
    title = "This is not an email address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent:
    """`was_sent_lately` is true where the same mail was asked for within the hour: it is not sent twice."""

    number: str
    email: str
    has_moved: bool
    was_sent_lately: bool


def resend_own(order_id: int) -> Resent:
    """The buyer's button: to the order's own address, at most once an hour.

    Raises:
        NothingToSend: the order is closed, or not paid.
    """
    return _resend(Order.id == order_id, to=None, new_link=False, adds_downloads=False)


def resend(reference: str, *, to: str | None = None, new_link: bool = False) -> Resent:
    """The owner's command; every file may be downloaded once more.

    Another address takes the order along, with its keys, devices and link, and mails that have not left.
    `new_link` makes the old link useless: it was read by somebody else.

    Raises:
        NotFound: no such order in the running mode.
        AddressRefused, NothingToSend: nothing was changed.
    """
    if to is not None and not is_address(to):
        raise AddressRefused(f"{to} is not an email address.")
    try:
        return _resend(is_named(reference), to=to, new_link=new_link, adds_downloads=True)
    except NotFound as error:
        raise not_found(reference) from error


def _resend(which: object, *, to: str | None, new_link: bool, adds_downloads: bool) -> Resent:
    with transaction() as session:
        order = session.scalars(
            select(Order).where(which).with_for_update().execution_options(populate_existing=True)  # type: ignore[arg-type] # a condition
        ).first()
        if order is None:
            raise NotFound("There is no such order.")
        allowed = access(facts_of(order))
        if not allowed.allowed or order.fulfilled_at is None:
            raise NothingToSend(f"Order {order.number}: {allowed.sentence}")
        has_moved = to is not None and email_key(to) != email_key(order.email)
        if to is not None and has_moved:
            _move(session, order, to.strip())
        if new_link:
            _renew_link(session, order)
        if adds_downloads:
            add_allowance(session, order.id, downloads=1)
        if not order.email:
            raise NothingToSend(f"Order {order.number} has no address any more.")
        is_new = outbox.promise(
            session,
            kind=outbox.RECEIPT,
            order_id=order.id,
            mode=order.mode,
            recipient=order.email,
            again=f"{clock.now():%Y%m%d%H}:{email_key(order.email)}:{order.token_version}",
            hold=False,
        )
        if is_new:
            session.add(OrderChange(order_id=order.id, what="resent", detail="receipt"))
        done = Resent(number=order.number, email=order.email, has_moved=has_moved, was_sent_lately=not is_new)
    nudge("outbox")
    return done


def _move(session: Session, order: Order, to: str) -> None:
    """Keys, devices and downloads hang on the order, so they come along."""
    order.customer_id = ensure_customer(session, mode=order.mode, email=to)
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.order_id == order.id,
            OutboxMessage.recipient == order.email,
            OutboxMessage.state.in_(WAITING),
        )
        .values(state=MailState.CANCELED, last_error="the address was corrected")
    )
    order.email = to
    session.add(OrderChange(order_id=order.id, what="address", detail="corrected by the shop"))


def _renew_link(session: Session, order: Order) -> None:
    order.token_version += 1
    token = tokens.derive_token(order.token_seed, purpose="order", version=order.token_version)
    order.token_hash = tokens.hash_token(token)
    session.add(OrderChange(order_id=order.id, what="link", detail="the old one does not work any more"))
