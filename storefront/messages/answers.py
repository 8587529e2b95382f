"""What somebody who helps wrote about an order, as it was sent; its links are those of now."""

from storefront.core.db import db
from storefront.mail.models import MailKind, OutboxMessage
from storefront.messages.canceled import Canceled, Composed
from storefront.messages.gifts import ELSEWHERE, goes_elsewhere
from storefront.orders.models import Order
from storefront.orders.sent_answers import KINDS, find_sent_answer
from storefront.owner.answers.letter import fill_letter
from storefront.owner.answers.values import link_values
from storefront.shop.answers.words import AnswerWords

READERS = {kind: reader for reader, kind in KINDS.items()}


def compose_answer(message: OutboxMessage) -> Composed:
    sent = find_sent_answer(int(message.about or 0))
    if sent is None:
        return Canceled("its words were erased")
    order = db.session.get_one(Order, sent.order_id)
    if message.kind == MailKind.GIFT_ANSWER and goes_elsewhere(message, order):
        return Canceled(ELSEWHERE)
    links = link_values(order, READERS[MailKind(message.kind)])
    words = AnswerWords(subject=sent.subject, body=sent.body)
    return {"letter": fill_letter(words, links), "number": order.number}
