"""Sends an answer to who bought an order or received it: kept and promised in one transaction, once a form."""

from dataclasses import dataclass

from sqlalchemy import select

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.core.languages import Language
from storefront.core.queue import nudge
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.lookup import get_order
from storefront.orders.models import Order
from storefront.orders.sent_answers import Reader, promise_answer
from storefront.owner.answers.prepare import fill_typed
from storefront.owner.answers.values import links_of
from storefront.shop.answers.queries import get_answer
from storefront.shop.answers.words import AnswerWords, clean_letter


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNow:
    """`recipient` is empty where this form was sent before."""

    number: str
    recipient: str


def send_answer(
    reference: str, key: str, words: AnswerWords, *, language: Language, reader: Reader, form: str
) -> SentNow:
    """Promise the email. It says what is written, in the shop's frame of this language, and leaves at once.

    Raises:
        NotFound: no such order in the running mode, or no such answer.
        NobodyToAnswer: the reader has no address.
        EmailTextRefused: the words do not fit, name an unknown variable, or are not finished.
        OtherAnswer: this form was sent with other words, or to the other reader.
    """
    answer, order = get_answer(key), get_order(reference)
    filled = fill_typed(order, words, language=language, reader=reader)
    letter = clean_letter(filled, allowed=links_of(reader, is_paid=order.is_paid))
    with transaction() as session:
        locked = session.scalars(
            select(Order).where(Order.id == order.id).with_for_update().execution_options(populate_existing=True)
        ).one()
        recipient = promise_answer(
            session, locked, reader, form=form, subject=letter.subject, body=letter.body, language=language
        )
        if recipient is not None:
            add_change(session, locked.id, ChangeKind.ANSWERED, f"{answer.title} ({reader.value})")
            after = {"answer": key, "reader": reader.value, "language": language.value}
            record(session, "order.answered", subject_kind="order", subject=locked.number, after=after)
    nudge("outbox")
    return SentNow(number=order.number, recipient=recipient or "")
