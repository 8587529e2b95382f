"""Personal data of a customer goes; orders stay, because tax law asks for them. Keys keep working in programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storefront import clock, tokens
from storefront.customers.models import AddressChange, AddressProof, Customer
from storefront.db import transaction
from storefront.errors import NotFound, StorefrontError
from storefront.licenses.models import Activation, License
from storefront.mail.models import MailState, OutboxMessage
from storefront.orders.access import Reason, access, facts_of
from storefront.orders.after_sale import OrderChange
from storefront.orders.models import Grant, Order, OrderItem

DEVICE_NAME = "Device"


class NotYet(StorefrontError):
    code = "not_yet"
    status = 409
    title = "This cannot be erased yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    orders: int
    devices: int
    mails: int


def erase_customer(customer_id: int) -> Erased:
    """Address, name, tax ids, names of devices and recipients of mails; links to orders stop working.

    What stays: numbers, amounts, country, what was bought, the keys, and a device's place by its instance id.

    Raises:
        NotFound: no such customer.
        NotYet: a payment is under way, and its mail must reach somebody.
    """
    with transaction() as session:
        customer = session.get(Customer, customer_id, with_for_update=True, populate_existing=True)
        if customer is None or customer.erased_at is not None:
            raise NotFound("There is nothing to erase.")
        orders = session.scalars(
            select(Order)
            .where(Order.customer_id == customer_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        _demand_settled(orders)
        done = Erased(
            orders=len(orders),
            devices=_erase_devices(session, customer_id),
            mails=_erase_mails(session, customer, orders),
        )
        for order in orders:
            _erase_order(session, order)
        session.execute(delete(AddressChange).where(AddressChange.customer_id == customer_id))
        session.execute(delete(AddressProof).where(AddressProof.email_key == customer.email_key))
        customer.email, customer.email_key = "", f"erased:{customer_id}"
        customer.erased_at = clock.now()
        customer.session_version += 1
        return done


def _demand_settled(orders: Sequence[Order]) -> None:
    waiting = [order.number for order in orders if access(facts_of(order)).reason is Reason.AWAITING_PAYMENT]
    if waiting:
        raise NotYet(f"Order {waiting[0]} waits for the bank. Erase your data when that is settled.")


def _erase_order(session: Session, order: Order) -> None:
    order.email, order.name, order.tax_ids = "", None, []
    order.token_version += 1
    token = tokens.derive_token(order.token_seed, purpose="order", version=order.token_version)
    order.token_hash = tokens.hash_token(token)
    session.add(OrderChange(order_id=order.id, what="erased", detail="personal data"))


def _erase_devices(session: Session, customer_id: int) -> int:
    mine = (
        select(License.id)
        .join(Grant, Grant.id == License.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.customer_id == customer_id)
    )
    found = session.scalars(
        update(Activation)
        .where(Activation.license_id.in_(mine))
        .values(name=DEVICE_NAME, fingerprint=None)
        .returning(Activation.id)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())


def _erase_mails(session: Session, customer: Customer, orders: Sequence[Order]) -> int:
    """Those that wait are canceled: nobody is there to read them."""
    emails = {order.email for order in orders} | {customer.email}
    recipient = func.lower(OutboxMessage.recipient)
    mine = OutboxMessage.mode == customer.mode, recipient.in_([email.lower() for email in emails])
    session.execute(
        update(OutboxMessage)
        .where(*mine, OutboxMessage.state.in_((MailState.QUEUED, MailState.FAILED)))
        .values(state=MailState.CANCELED, last_error="the customer was erased")
        .execution_options(synchronize_session=False)
    )
    found = session.scalars(
        update(OutboxMessage)
        .where(*mine)
        .values(recipient="")
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())
