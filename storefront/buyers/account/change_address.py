"""A customer moves to another address: both ends prove themselves, in any order, before anything moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.buyers.availability.move import move_requests
from storefront.buyers.reminders.left import forget_left
from storefront.buyers.reminders.readers import leave_addresses
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.email_addresses import is_address
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.queue import nudge
from storefront.core.texts import marked
from storefront.customers import ceilings, proofs, signed_in_browsers
from storefront.customers.at_stripe import give_up_at_stripe
from storefront.customers.browser_session import find_customer
from storefront.customers.merging import merge_customer
from storefront.customers.models import AddressChange, Customer, ProofPurpose, email_key, spelling
from storefront.customers.offers import ConsentPlace, Said, set_offers
from storefront.customers.proofs import Proof, forget_proofs_of
from storefront.customers.spend_proofs import CodeResult, Reader, spend_code, spend_link
from storefront.mail.failures import readdressed
from storefront.mail.models import MAY_LEAVE, MailKind, OutboxMessage
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.customers import addresses_of, ensure_customer, lock_customer
from storefront.orders.emails import are_mails_of
from storefront.orders.gifts import list_received, move_gifts
from storefront.orders.models import Order

ENDS = (ProofPurpose.LEAVE_ADDRESS, ProofPurpose.TAKE_ADDRESS)


class AddressRefused(StorefrontError):
    code = "address_refused"
    title = marked("This address cannot be taken")


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
    old_email: str
    new_email: str
    is_old_proven: bool
    is_new_proven: bool
    is_done: bool
    customer_id: int


def start_change(customer_id: int, new_email: str, *, asked_by: str) -> Started:
    """Mails a code and a link to both ends.

    Raises:
        AddressRefused: it is no address, or the one there is.
        TooManyMails: of changes of this customer, to this address, or of the whole shop.
    """
    new_email = spelling(new_email)
    if not is_address(new_email):
        raise AddressRefused(marked("That doesn't look like an email address. Check it for typos."))
    with transaction() as session:
        customer = session.get_one(Customer, customer_id)
        if email_key(new_email) == customer.email_key:
            raise AddressRefused(marked("This is the address you have already."))
        ceilings.demand_change(session, customer_id, new_email)
        change = AddressChange(customer_id=customer_id, new_email=new_email)
        session.add(change)
        session.flush()
        leave, take = (
            proofs.add_proof(session, purpose=purpose, email=email, about=str(change.id), asked_by=asked_by)
            for purpose, email in zip(ENDS, (customer.email, new_email), strict=True)
        )
        started = Started(id=change.id, leave_id=leave, take_id=take)
    nudge("outbox")
    return started


def find_change(change_id: int) -> Change | None:
    row = db.session.get(AddressChange, change_id, populate_existing=True)
    if row is None:
        return None
    return _seen(row, db.session.get_one(Customer, row.customer_id, populate_existing=True))


def _seen(row: AddressChange, customer: Customer) -> Change:
    return Change(
        id=row.id,
        old_email=customer.email,
        new_email=row.new_email,
        is_old_proven=row.old_proven_at is not None,
        is_new_proven=row.new_proven_at is not None,
        is_done=row.done_at is not None,
        customer_id=row.customer_id,
    )


def prove_by_code(
    change_id: int, proof_id: int, code: str, *, purpose: ProofPurpose, reader: Reader
) -> tuple[CodeResult, Change | None]:
    """One end is proven; with both the customer moves. Safe to repeat, also at once from two browsers.

    The change is None where it is over: the customer moved elsewhere meanwhile, or was erased.
    """
    with transaction() as session:
        locked = _lock(session, change_id)
        result, spent = spend_code(session, proof_id, code, purpose=purpose, reader=reader)
        return result, _prove(session, spent.proof, locked) if spent and locked else None


def prove_by_link(token: str, change_id: int, *, reader: Reader) -> Change | None:
    """Prove one end by the link of the mail, as `prove_by_code` does by its code."""
    with transaction() as session:
        locked = _lock(session, change_id)
        spent = spend_link(session, token, reader=reader)
        return _prove(session, spent.proof, locked) if spent and locked else None


Locked = tuple[AddressChange, Customer, Sequence[Order]]


def _lock(session: Session, change_id: int) -> Locked | None:
    change = session.get(AddressChange, change_id)
    if change is None:
        return None
    customer, orders = lock_customer(session, change.customer_id)
    change = session.get(AddressChange, change_id, with_for_update=True, populate_existing=True)
    if change is None or change.customer_id != customer.id or customer.erased_at is not None:
        return None
    return change, customer, orders


def _prove(session: Session, proof: Proof, locked: Locked) -> Change | None:
    change, customer, orders = locked
    now = clock.now()
    if proof.purpose not in ENDS or proof.about != str(change.id):
        return None
    if change.done_at is not None:
        return _seen(change, customer)
    if proof.purpose is ProofPurpose.LEAVE_ADDRESS and customer.email != proof.email:
        return None
    _note_end(change, proof, now)
    if change.old_proven_at and change.new_proven_at:
        if _is_spelled_otherwise(session, customer.mode, change.new_email):
            return None
        change.customer_id = _move(session, customer, orders, change.new_email)
        change.done_at = now
    return _seen(change, customer)


def _is_spelled_otherwise(session: Session, mode: str, email: str) -> bool:
    """Somebody bought meanwhile with another spelling, which may be another mailbox."""
    known = _find_owner(session, mode, email)
    return known is not None and known.email != email


def _note_end(change: AddressChange, proof: Proof, now: datetime) -> None:
    if proof.purpose is ProofPurpose.LEAVE_ADDRESS:
        change.old_proven_at = change.old_proven_at or now
    else:
        change.new_proven_at = change.new_proven_at or now
        change.new_email = proof.email  # the spelling whose mailbox was read


def _find_owner(session: Session, mode: str, email: str) -> Customer | None:
    return session.scalars(
        select(Customer).where(Customer.mode == mode, Customer.email_key == email_key(email))
    ).one_or_none()


def move_customer(old_email: str, new_email: str) -> int:
    """Move everything for a buyer who cannot read the old address any more. Returns how many orders moved.

    What nobody has proven at the new address stays behind: cards at Stripe, and a yes to news and offers.

    Raises:
        NotFound: nobody bought with the old address in the running mode.
        AddressRefused: the new one is no address.
    """
    if not is_address(new_email):
        raise AddressRefused(f"{new_email} is not an email address.")
    with transaction() as session:
        named = find_customer(old_email)
        if named is None:
            raise NotFound(f"Nobody bought with {old_email}. `storefront orders list` shows the newest orders.")
        customer, orders = lock_customer(session, named.id)
        give_up_at_stripe(session, customer.id)
        old_key = customer.email_key
        owner_id = _move(session, customer, orders, spelling(new_email))
        is_merged = owner_id != customer.id  # then a yes stayed with its address already
        if not is_merged and customer.email_key != old_key:
            set_offers(session, owner_id, Said(place=ConsentPlace.MOVED), agrees=False)
        record(
            session,
            "customer.merged" if is_merged else "customer.moved",
            subject_kind="customer",
            subject=f"customer {named.id}",
            before={"customer": customer.id},
            after={"customer": owner_id, "orders": len(orders)},
        )
    return len(orders)


def _move(session: Session, customer: Customer, orders: Sequence[Order], new_email: str) -> int:
    """Orders, keys, devices and links come along, mails that have not left, and what they wait for.

    All browsers are signed out. No reminder follows who has gone from the old address.

    Where the new address bought before, two customers become one, who wants no news if one of both wanted none.
    """
    signed_in_browsers.end_all(session, customer.id)
    known = _find_owner(session, customer.mode, new_email)
    has_bought = known is not None and known.id != customer.id
    new_email = known.email if known is not None and has_bought else new_email
    _readdress_mails(session, customer, orders, new_email)
    _leave_old(session, addresses_of(customer, orders), new_email)
    if not has_bought:
        customer.email, customer.email_key = new_email, email_key(new_email)
        session.flush()
    owner_id = ensure_customer(session, mode=customer.mode, email=new_email)
    if owner_id != customer.id:
        merge_customer(session, customer, into=session.get_one(Customer, owner_id))
    move_gifts(session, customer.id, to=owner_id, email=new_email)
    for order in orders:
        order.customer_id, order.email = owner_id, new_email
        add_change(session, order.id, ChangeKind.ADDRESS, "changed")
    return owner_id


def _leave_old(session: Session, old: set[str], new_email: str) -> None:
    """No row keeps an address that erasing would not find any more. One that is only respelled stays theirs."""
    respelled = {email for email in old if email_key(email) == email_key(new_email)}
    forget_left(session, {email_key(email) for email in respelled})
    leave_addresses(session, old - respelled)
    forget_proofs_of(session, old - respelled)
    move_requests(session, old, to=new_email)


def _readdress_mails(session: Session, customer: Customer, orders: Sequence[Order], new_email: str) -> None:
    """Readdress what waits: mails about the orders, but not those to the owner, and news of releases."""
    of_orders = are_mails_of(orders, list_received(session, customer.id))
    news = (OutboxMessage.kind == MailKind.NEW_RELEASE) & OutboxMessage.about.like(f"%:{customer.id}")
    waiting = OutboxMessage.state.in_(MAY_LEAVE)
    session.execute(
        update(OutboxMessage)
        .where(or_(of_orders, news), waiting)
        .values(readdressed(new_email))
        .execution_options(synchronize_session=False)
    )
