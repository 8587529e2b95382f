"""Personal data of a customer goes; orders stay, because tax law asks for them. Keys keep working in programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.buyers.account.export import NEVER_BOUGHT, nobody
from storefront.buyers.availability.forget import export_requests, forget_requests_of
from storefront.buyers.reminders.left import export_left, forget_left
from storefront.buyers.reminders.readers import leave_addresses, stop_address
from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.texts import marked
from storefront.customers.browser_session import find_customer
from storefront.customers.merging import empty_customer, ids_of
from storefront.customers.models import AddressChange, AddressProof, Customer, ProofPurpose, email_key
from storefront.customers.proofs import Proof
from storefront.customers.spend_proofs import CodeResult, Reader, spend_code, spend_link
from storefront.customers.unproven import find_known
from storefront.delivery.downloads.models import Download
from storefront.delivery.licenses.device_names import erase_devices
from storefront.delivery.licenses.labels import erase_labels
from storefront.delivery.licenses.queries import select_keyless_grants
from storefront.delivery.refusals import forget_refusals_of
from storefront.mail.models import NOT_LEFT, MailKind, MailState, OutboxMessage
from storefront.orders.access import Reason, item_access, order_access
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.customers import addresses_of, lock_customer
from storefront.orders.dispute_answers import forget_answers_of
from storefront.orders.emails import are_mails_of
from storefront.orders.gifts import erase_given, erase_received, list_received
from storefront.orders.in_dispute import find_in_dispute
from storefront.orders.links import renew_link
from storefront.orders.models import Grant, Order, OrderItem
from storefront.orders.notes import forget_notes_of
from storefront.orders.sent_answers import forget_sent_answers
from storefront.orders.unproven import take_in_unproven

TO_MANY = (MailKind.NEW_RELEASE, MailKind.BROADCAST)  # each names its reader, after what it is about


class NotYet(StorefrontError):
    code = "not_yet"
    status = 409
    title = marked("This cannot be erased yet")


class InDispute(NotYet):
    code = "in_dispute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """`checkouts` were left, and are reminded of no more; `waits` were for products that are not for sale."""

    orders: int
    devices: int
    mails: int
    checkouts: int = 0
    waits: int = 0


def erase_customer(customer_id: int, *, even_in_dispute: bool = False) -> Erased:
    """Address, name, tax ids, names of devices and licenses, recipients of mails; links to orders stop working.

    What stays: numbers, amounts, country, what was bought, the keys, and each device's place.
    `even_in_dispute`, which is the owner's to say: what they would answer the bank goes as well.

    Raises:
        NotFound: no such customer.
        NotYet: a payment is under way or a key is to follow, and its mail must reach somebody.
        InDispute: a dispute is open that the shop may have to answer.
    """
    with transaction() as session:
        customer, orders = lock_customer(session, customer_id)
        if customer.erased_at is not None:
            raise NotFound(marked("There is nothing to erase."))
        erased = _erase(session, customer, orders, even_in_dispute=even_in_dispute)
        record(
            session,
            "customer.erased",
            subject_kind="customer",
            subject=f"customer {customer.id}",
            after=asdict(erased) | ({"even_in_dispute": True} if even_in_dispute else {}),
        )
        return erased


def erase_address(email: str, *, even_in_dispute: bool = False) -> Erased:
    """Erase a customer, or what somebody who never bought left at Checkout or waits for.

    Raises:
        NotFound: nothing is known of this address.
        NotYet, InDispute: as above.
    """
    customer = find_known(email)
    if customer is not None:
        return erase_customer(customer.id, even_in_dispute=even_in_dispute)
    with transaction() as session:
        count = forget_left(session, [email_key(email)])
        waits = forget_requests_of(session, [email])
        if not count and not waits:
            raise nobody(email)
        if count:
            stop_address(session, email)
        erased = Erased(orders=0, devices=0, mails=count + waits, checkouts=count, waits=waits)
        record(session, "customer.erased", subject_kind="customer", subject=NEVER_BOUGHT, after=asdict(erased))
        return erased


def check_is_known(email: str) -> None:
    """Raise NotFound where there is nothing to erase."""
    if find_known(email) is None and not export_left([email_key(email)]) and not export_requests([email]):
        raise nobody(email)


def erase_by_code(customer_id: int, proof_id: int, code: str, *, reader: Reader) -> CodeResult:
    """Erase the customer who is signed in. A code that was begun by somebody else in this browser has expired.

    Raises:
        NotYet, InDispute: as above; the code is not used up.
    """
    with transaction() as session:
        customer, orders = lock_customer(session, customer_id)
        result, spent = spend_code(session, proof_id, code, purpose=ProofPurpose.ERASE, reader=reader)
        if spent is None:
            return result
        if customer.erased_at is not None or customer.email != spent.proof.email:
            return CodeResult.EXPIRED
        _erase(session, customer, orders)
        return result


def erase_by_link(token: str, email: str, *, reader: Reader) -> bool:
    """`email` is what the link's proof says. False where the link does not erase, or not any more.

    Raises:
        NotYet, InDispute: as above; the link is not used up.
    """
    named = find_customer(email)
    if named is None:
        return False
    with transaction() as session:
        customer, orders = lock_customer(session, named.id)
        spent = spend_link(session, token, reader=reader)
        if spent is None or not _is_to_erase(spent.proof, customer):
            return False
        _erase(session, customer, orders)
        return True


def _is_to_erase(proof: Proof, customer: Customer) -> bool:
    return proof.purpose is ProofPurpose.ERASE and customer.email == proof.email


def _erase(
    session: Session, customer: Customer, orders: Sequence[Order], *, even_in_dispute: bool = False
) -> Erased:
    if take_in_unproven(session, customer):
        _customer, orders = lock_customer(session, customer.id)
    _demand_settled(session, customer, orders)
    received = list_received(session, customer.id)
    if not even_in_dispute:
        _demand_no_dispute(session, [*received, *(order.id for order in orders)])
    held = [*received, *(order.id for order in orders if not order.is_gift)]
    proofs = _find_proofs(session, customer, orders)
    done = Erased(
        orders=len(orders),
        devices=erase_devices(session, held),
        mails=_erase_mails(session, customer, are_mails_of(orders, received), proofs),
        checkouts=leave_addresses(session, addresses_of(customer, orders)),
        waits=forget_requests_of(session, addresses_of(customer, orders)),
    )
    for order in orders:
        _erase_order(session, order)
    _erase_downloads(session, held)
    erase_labels(session, held)
    forget_sent_answers(session, [order.id for order in orders], received)
    erase_given(session, orders)
    erase_received(session, received)
    session.flush()
    gone = delete(AddressProof).where(AddressProof.link_hash.in_(proofs))
    session.execute(gone.execution_options(synchronize_session=False))
    empty_customer(session, customer)
    return done


def _demand_settled(session: Session, customer: Customer, orders: Sequence[Order]) -> None:
    for order in orders:
        if order_access(order).reason is Reason.AWAITING_PAYMENT:
            raise NotYet(
                marked(
                    "Order %(number)s waits for the bank. This can be erased when that is settled.",
                    number=order.number,
                )
            )
    keyless = select_keyless_grants().where(Order.holder_id == customer.id)
    for _grant, item, order, _product, _part in session.execute(keyless):
        if item_access(order, item).allowed:
            raise NotYet(
                marked(
                    "A license key of order %(number)s is still to follow. This can be erased when it is here.",
                    number=order.number,
                )
            )


def _demand_no_dispute(session: Session, order_ids: Sequence[int]) -> None:
    """Evidence stays until the bank has decided: GDPR, article 17 (3) e."""
    number = find_in_dispute(session, order_ids)
    if number is not None:
        raise InDispute(
            marked(
                "A bank is looking into the payment of order %(number)s. This can be erased when that is decided.",
                number=number,
            )
        )


def _erase_order(session: Session, order: Order) -> None:
    order.email, order.name, order.tax_ids = "", None, []
    order.invoice_url = None  # its page at Stripe names the buyer; the number stays for the books
    order.phone, order.answers = None, []
    order.business_name, order.billing_address = None, None
    order.payment_brand, order.payment_last4 = None, None
    if order.given_because is not None:
        order.given_because = ""  # the words go; that it was given stays
    order.erased_at = clock.now()
    renew_link(order)
    add_change(session, order.id, ChangeKind.ERASED, "personal data")


def _erase_downloads(session: Session, order_ids: Sequence[int]) -> None:
    """What was refused or said of them, and programs that fetched files. That they were fetched stays."""
    forget_refusals_of(session, order_ids)
    forget_notes_of(session, order_ids)
    forget_answers_of(session, order_ids)
    of_orders = select(Grant.id).join(OrderItem).where(OrderItem.order_id.in_(order_ids))
    session.execute(
        update(Download)
        .where(Download.grant_id.in_(of_orders))
        .values(client=None)
        .execution_options(synchronize_session=False)
    )


def _erase_mails(
    session: Session, customer: Customer, of_orders: ColumnElement[bool], proofs: Sequence[str]
) -> int:
    """Whatever address they went to. Those that wait are canceled: nobody is there to read them."""
    of_customer = or_(
        of_orders,
        (OutboxMessage.kind == MailKind.PROOF) & OutboxMessage.about.in_(proofs),
        *(
            OutboxMessage.kind.in_(TO_MANY) & OutboxMessage.about.like(f"%:{customer_id}")
            for customer_id in ids_of(session, customer.id)
        ),
    )
    session.execute(
        update(OutboxMessage)
        .where(of_customer, OutboxMessage.state.in_(NOT_LEFT))
        .values(state=MailState.CANCELED, last_error="the customer was erased")
        .execution_options(synchronize_session=False)
    )
    messages = session.scalars(
        update(OutboxMessage)
        .where(of_customer)
        .values(recipient="")
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(messages.all())


def _find_proofs(session: Session, customer: Customer, orders: Sequence[Order]) -> Sequence[str]:
    """Hashes of their links: of the customer's address, of those of their orders, of both ends of every change."""
    keys = {customer.email_key, *(email_key(order.email) for order in orders)}
    is_theirs = AddressChange.customer_id.in_(ids_of(session, customer.id))
    changes = session.scalars(select(AddressChange.id).where(is_theirs)).all()
    ends = (ProofPurpose.LEAVE_ADDRESS, ProofPurpose.TAKE_ADDRESS)
    return session.scalars(
        select(AddressProof.link_hash).where(
            AddressProof.mode == customer.mode,
            or_(
                AddressProof.email_key.in_(keys),
                AddressProof.purpose.in_(ends) & AddressProof.about.in_([str(change_id) for change_id in changes]),
                (AddressProof.purpose == ProofPurpose.OPEN_ORDER)
                & AddressProof.about.in_([str(order.id) for order in orders]),
            ),
        )
    ).all()
