"""Sends an answer as it is prepared: for commands, where nobody changes it first."""

import hashlib

from storefront.core import clock
from storefront.core.languages import Language
from storefront.orders.lookup import get_order
from storefront.orders.sent_answers import Reader
from storefront.owner.answers.prepare import prepare_answer
from storefront.owner.answers.send import SentNow, send_answer
from storefront.shop.answers.words import AnswerWords, fill_blanks


def send_prepared(reference: str, key: str, *, say: str, language: Language | None, reader: Reader) -> SentNow:
    """Send it with `say` (Markdown) in place of what is left open. The same words leave once a day (UTC).

    Raises: as `send_answer`.
    """
    order = get_order(reference)
    prepared = prepare_answer(order, key, language=language, reader=reader)
    words = fill_blanks(prepared.words, say)
    form = _form(words, reader, prepared.readers[reader])
    return send_answer(reference, key, words, language=prepared.language, reader=reader, form=form)


def _form(words: AnswerWords, reader: Reader, email: str) -> str:
    """Return what stands for a form: a command that is typed again is the same one, unless the address changed."""
    parts = (clock.now().date().isoformat(), reader.value, email, words.subject, words.body)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
