"""Two customers become one, or one is emptied: who was erased, and a stranger who was written to by mistake."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.customers import signed_in_browsers
from storefront.customers.at_stripe import give_up_at_stripe
from storefront.customers.models import AddressChange, Customer
from storefront.customers.offers import merge_offers
from storefront.mail import outbox
from storefront.mail.models import NOT_LEFT, MailKind, MailState, OutboxMessage


def merge_customer(session: Session, customer: Customer, *, into: Customer) -> None:
    """Merge a customer who has no orders any more: it keeps no address, and links in its mails mean the other.

    Cards that it saved are given up, since Stripe moves none to another Customer.
    The other wants no news of releases, and no offers, if one of both wanted none. Inside the caller's
    transaction.
    """
    merge_offers(session, customer, into=into)
    into.unsubscribed_at = into.unsubscribed_at or customer.unsubscribed_at
    _hand_over_told(session, customer, to=into)
    _hand_over_news(session, customer, to=into)
    customer.email, customer.email_key = "", f"moved:{customer.id}"
    give_up_at_stripe(session, customer.id)
    signed_in_browsers.end_all(session, customer.id)
    customer.moved_to_id = into.id
    session.flush()


def forget_stranger(session: Session, stranger: Customer, *, buyer: Customer) -> None:
    """Forget whose address the buyer did not mean, and who has no orders. Inside the caller's transaction.

    They are somebody else: what they said of news and offers counts for nobody, and their links open nothing.
    """
    _hand_over_news(session, stranger, to=buyer)
    empty_customer(session, stranger)
    session.flush()


def ids_of(session: Session, customer_id: int) -> list[int]:
    """Return the ids that mean a customer: its own, and of all who became one with it, one by one."""
    ids = found = [customer_id]
    while found:
        found = list(session.scalars(select(Customer.id).where(Customer.moved_to_id.in_(found))))
        ids = [*ids, *found]
    return ids


def empty_customer(session: Session, customer: Customer) -> None:
    """Take away address, sign-ins and saved cards; what was said of offers stays as a proof, and names nobody."""
    session.execute(delete(AddressChange).where(AddressChange.customer_id.in_(ids_of(session, customer.id))))
    customer.email, customer.email_key = "", f"erased:{customer.id}"
    customer.erased_at = clock.now()
    customer.wants_offers_since = None
    give_up_at_stripe(session, customer.id)
    signed_in_browsers.end_all(session, customer.id)


def _hand_over_told(session: Session, customer: Customer, *, to: Customer) -> None:
    """What one was told of is told: it does not come to the other as well."""
    news = OutboxMessage.kind == MailKind.NEW_RELEASE, OutboxMessage.about.like(f"%:{customer.id}")
    # By the recipient alone: SQLite would take the index of states, and read all that was ever sent.
    known = session.scalars(select(OutboxMessage).where(OutboxMessage.recipient == customer.email, *news)).all()
    sent = [message for message in known if message.state is MailState.SENT and message.mode == customer.mode]
    for message in sent:
        about = f"{(message.about or '').partition(':')[0]}:{to.id}"
        key = outbox.key_of(MailKind.NEW_RELEASE, None, about)
        # Locked: a worker that takes it in this moment sends it once more, or finds it gone.
        of_other = select(OutboxMessage).where(OutboxMessage.dedupe_key == key).with_for_update()
        other = session.scalars(of_other.execution_options(populate_existing=True)).one_or_none()
        if other is not None and other.state in (*NOT_LEFT, MailState.CANCELED):
            session.delete(other)
            session.flush()
            other = None
        if other is None:
            message.dedupe_key, message.about = key, about
            session.flush()


def _hand_over_news(session: Session, customer: Customer, *, to: Customer) -> None:
    """Promise news of releases that wait to the other, who gets each release's once."""
    waiting = session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.mode == customer.mode,
            OutboxMessage.state.in_((MailState.QUEUED, MailState.PAUSED)),
            OutboxMessage.kind == MailKind.NEW_RELEASE,
            OutboxMessage.about.like(f"%:{customer.id}"),
        )
        .order_by(OutboxMessage.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for message in waiting:
        release_id = (message.about or "").partition(":")[0]
        news = (f"{release_id}:{to.id}", to.email), message.due_at
        outbox.promise_news(session, [news], state=message.state)
        message.state, message.last_error = MailState.CANCELED, "its reader has another address by now"
