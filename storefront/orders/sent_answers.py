"""What somebody who helps wrote to the buyer of an order: kept as it was sent, each form once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, and_, cast, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.audit.actor import current_actor
from storefront.core import clock
from storefront.core.db import Base, db, insert_missing
from storefront.core.errors import StorefrontError
from storefront.core.languages import Language
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.orders.gifts import find_gift
from storefront.orders.models import Order


class Reader(StrEnum):
    """Of a gift, who received it may be written to as well as who paid."""

    BUYER = "buyer"
    RECEIVER = "receiver"


SAME_WITHIN = timedelta(hours=1)
KINDS = {Reader.BUYER: MailKind.ANSWER, Reader.RECEIVER: MailKind.GIFT_ANSWER}


class NobodyToAnswer(StorefrontError):
    code = "nobody_to_answer"
    status = 409
    title = "There is nobody to write to"


class OtherAnswer(StorefrontError):
    """A form that was sent before with other words, or to somebody else."""

    code = "other_answer"
    status = 409
    title = "Another email was sent"


class SentAnswer(Base):
    """`form` is drawn with the form that sends it, so that one that is sent twice is one email.

    `body` is Markdown. Links that open an order stand in it as `{variables}`, which are filled in when it leaves.
    """

    __tablename__ = "sent_answers"
    __table_args__ = (UniqueConstraint("order_id", "form"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    form: Mapped[str]
    reader: Mapped[Reader]
    author: Mapped[str]  # an address of who may come in at /admin, or a user of the machine
    subject: Mapped[str]
    body: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnswer:
    """`body` is Markdown."""

    at: datetime
    author: str
    reader: Reader
    subject: str
    body: str


def find_readers(order: Order) -> dict[Reader, str]:
    """Return who may be written to, with their addresses. Who gets a gift hears nothing before its day."""
    readers = {Reader.BUYER: order.email}
    gift = find_gift(order) if order.is_gift else None
    if gift is not None and gift.handed_over_at is not None:
        readers[Reader.RECEIVER] = gift.email
    return {reader: email for reader, email in readers.items() if email}


def get_address(order: Order, reader: Reader) -> str:
    """Raises NobodyToAnswer."""
    found = find_readers(order).get(reader)
    if found is not None:
        return found
    if reader is Reader.RECEIVER:
        raise NobodyToAnswer(_why_not_receiver(order))
    if order.erased_at is not None:
        raise NobodyToAnswer("The buyer's data was erased, so there is nobody to write to.")
    raise NobodyToAnswer("No email address is known of this order.")


def _why_not_receiver(order: Order) -> str:
    gift = find_gift(order) if order.is_gift else None
    if gift is None:
        return "This order is no gift, so it has no receiver."
    if gift.handed_over_at is None:
        return "The gift was not sent yet. Until its day only its giver can be written to."
    return "The data of who received the gift was erased, so there is nobody to write to."


def promise_answer(
    session: Session, order: Order, reader: Reader, *, form: str, subject: str, body: str, language: Language
) -> str | None:
    """Keep it and promise its email, inside the caller's transaction, which holds the order.

    Returns the address it goes to; None where this form was sent before. So it is where the same words went there
    within an hour: after Back they stand in a form that was drawn anew. What came back or was ended is none.

    Raises:
        NobodyToAnswer: the reader has no address.
        OtherAnswer: this form was sent with other words, or to the other reader.
    """
    recipient = get_address(order, reader)
    if _is_sent(session, order, reader, recipient=recipient, subject=subject, body=body):
        return None
    words = {"subject": subject, "body": body, "reader": reader}
    row = {"order_id": order.id, "form": form, "at": clock.now(), "author": current_actor().name, **words}
    is_new = bool(insert_missing(session, SentAnswer, [row]))
    known = select(SentAnswer).where(SentAnswer.order_id == order.id, SentAnswer.form == form)
    sent = session.scalars(known).one()
    if not is_new:
        _check_same(sent, words)
        return None
    outbox.promise(
        session,
        kind=KINDS[reader],
        order_id=order.id,
        mode=settings().mode,
        recipient=recipient,
        language=language,
        about=str(sent.id),
        hold=False,
    )
    return recipient


def _check_same(sent: SentAnswer, words: dict[str, str]) -> None:
    if any(getattr(sent, name) != word for name, word in words.items()):
        raise OtherAnswer(
            "This form was sent before, and what is below was not: other words left, or they went to another "
            "reader. Look at what was sent at the order, then send this once more, as one more email."
        )


def _is_sent(session: Session, order: Order, reader: Reader, *, recipient: str, subject: str, body: str) -> bool:
    its_email = (
        OutboxMessage.order_id == SentAnswer.order_id,
        OutboxMessage.kind == KINDS[reader],
        OutboxMessage.about == cast(SentAnswer.id, String),
    )
    known = (
        select(SentAnswer.id)
        .join(OutboxMessage, and_(*its_email))
        .where(
            SentAnswer.order_id == order.id,
            SentAnswer.reader == reader,
            SentAnswer.subject == subject,
            SentAnswer.body == body,
            SentAnswer.at > clock.now() - SAME_WITHIN,
            OutboxMessage.recipient == recipient,
            OutboxMessage.state.not_in((MailState.FAILED, MailState.CANCELED)),
        )
    )
    return session.scalar(known.limit(1)) is not None


def find_sent_answer(answer_id: int) -> SentAnswer | None:
    """Return one that waits to leave; None where it was erased."""
    known = select(SentAnswer).where(SentAnswer.id == answer_id)
    return db.session.scalars(known.execution_options(populate_existing=True)).one_or_none()


def read_sent_answers(order_ids: Collection[int]) -> dict[int, WrittenAnswer]:
    """Return those of these orders, oldest first, by id. One statement."""
    rows = db.session.scalars(
        select(SentAnswer)
        .where(SentAnswer.order_id.in_(order_ids))
        .order_by(SentAnswer.id)
        .execution_options(populate_existing=True)
    )
    return {
        row.id: WrittenAnswer(at=row.at, author=row.author, reader=row.reader, subject=row.subject, body=row.body)
        for row in rows
    }


def forget_sent_answers(session: Session, bought: Sequence[int], received: Sequence[int]) -> None:
    """Delete those to somebody who is erased, by orders that they bought and gifts that they received."""
    to_buyer = SentAnswer.order_id.in_(bought) & (SentAnswer.reader == Reader.BUYER)
    to_receiver = SentAnswer.order_id.in_(received) & (SentAnswer.reader == Reader.RECEIVER)
    gone = delete(SentAnswer).where(to_buyer | to_receiver)
    session.execute(gone.execution_options(synchronize_session=False))
