"""A customer moves to another address: both ends prove themselves, in any order, before anything moves."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront import clock
from storefront.customers import proofs
from storefront.customers.models import AddressChange, Customer, ProofPurpose, email_key, is_address
from storefront.customers.proofs import Proof
from storefront.customers.session import find_customer
from storefront.db import db, transaction
from storefront.errors import NotFound, StorefrontError
from storefront.mail.models import MailState, OutboxMessage
from storefront.orders.after_sale import OrderChange
from storefront.orders.lifecycle import ensure_customer
from storefront.orders.models import Order
from storefront.web import settings

ENDS = (ProofPurpose.LEAVE_ADDRESS, ProofPurpose.TAKE_ADDRESS)


class AddressRefused(StorefrontError):
    code = "address_refused"
    title = "This address cannot be taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The change and its two proofs: of the address it leaves, and of the one it takes."""

    id: int
    leave_id: int
    take_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`customer_id` is who has the orders now: another customer once two addresses became one."""

    id: int
    new_email: str
    is_old_proven: bool
    is_new_proven: bool
    is_done: bool
    customer_id: int


def start_change(customer_id: int, new_email: str) -> Started:
    """Mails a code and a link to both ends.

    Raises:
        AddressRefused: it is no address, or the one there is.
    """
    new_email = new_email.strip()
    if not is_address(new_email):
        raise AddressRefused("This does not look like an email address.")
    with transaction() as session:
        customer = session.get_one(Customer, customer_id)
        old_email = customer.email
        if email_key(new_email) == customer.email_key:
            raise AddressRefused("This is the address you have already.")
        change = AddressChange(customer_id=customer_id, new_email=new_email)
        session.add(change)
        session.flush()
        change_id = change.id
    leave, take = (
        proofs.start_proof(purpose=purpose, email=email, about=str(change_id))
        for purpose, email in zip(ENDS, (old_email, new_email), strict=True)
    )
    return Started(id=change_id, leave_id=leave, take_id=take)


def find_change(change_id: int) -> Change | None:
    row = db.session.scalars(
        select(AddressChange).where(AddressChange.id == change_id).execution_options(populate_existing=True)
    ).one_or_none()
    return _seen(row) if row else None


def _seen(row: AddressChange) -> Change:
    return Change(
        id=row.id,
        new_email=row.new_email,
        is_old_proven=row.old_proven_at is not None,
        is_new_proven=row.new_proven_at is not None,
        is_done=row.done_at is not None,
        customer_id=row.customer_id,
    )


def prove_end(proof: Proof) -> Change | None:
    """One end is proven; with both the customer moves. Safe to repeat, also at once from two browsers.

    None where it is over: the customer moved elsewhere meanwhile, or was erased.
    """
    now = clock.now()
    with transaction() as session:
        change = session.get_one(
            AddressChange, int(proof.about or 0), with_for_update=True, populate_existing=True
        )
        if change.done_at is not None:
            return _seen(change)
        customer = session.get_one(Customer, change.customer_id, with_for_update=True, populate_existing=True)
        if customer.erased_at is not None:
            return None
        if proof.purpose is ProofPurpose.LEAVE_ADDRESS:
            if customer.email_key != email_key(proof.email):
                return None
            change.old_proven_at = change.old_proven_at or now
        else:
            change.new_proven_at = change.new_proven_at or now
        if change.old_proven_at and change.new_proven_at:
            change.customer_id = _move(session, customer, change.new_email)
            change.done_at = now
        return _seen(change)


def move_customer(old_email: str, new_email: str) -> int:
    """The owner's command, for a buyer who cannot read the old address any more; returns how many orders moved.

    Raises:
        NotFound: nobody bought with the old address in the running mode.
        AddressRefused: the new one is no address.
    """
    if not is_address(new_email):
        raise AddressRefused(f"{new_email} is not an email address.")
    with transaction() as session:
        found = find_customer(old_email)
        if found is None:
            raise NotFound(f"Nobody bought with {old_email}. `storefront orders list` shows the newest orders.")
        customer = session.get_one(Customer, found.id, with_for_update=True, populate_existing=True)
        moved = len(session.scalars(select(Order.id).where(Order.customer_id == customer.id)).all())
        _move(session, customer, new_email.strip())
    return moved


def _move(session: Session, customer: Customer, new_email: str) -> int:
    """Orders, keys, devices and links come along, and mails that have not left. All browsers are signed out.

    Where the new address bought before, two customers become one.
    """
    customer.session_version += 1
    order_ids = session.scalars(select(Order.id).where(Order.customer_id == customer.id)).all()
    known = session.scalars(
        select(Customer.id).where(Customer.mode == customer.mode, Customer.email_key == email_key(new_email))
    ).one_or_none()
    if known is None:
        customer.email, customer.email_key = new_email, email_key(new_email)
        session.flush()
    owner_id = ensure_customer(session, mode=settings().mode, email=new_email)
    waiting = OutboxMessage.state.in_((MailState.QUEUED, MailState.FAILED))
    of_buyer = OutboxMessage.order_id.in_(order_ids) & OutboxMessage.recipient.in_(
        select(Order.email).where(Order.id.in_(order_ids))
    )
    session.execute(update(OutboxMessage).where(of_buyer, waiting).values(recipient=new_email))
    session.execute(update(Order).where(Order.id.in_(order_ids)).values(customer_id=owner_id, email=new_email))
    session.add_all(OrderChange(order_id=order_id, what="address", detail="changed") for order_id in order_ids)
    return owner_id
