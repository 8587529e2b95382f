"""An answer filled in for one order, in its buyer's language, before somebody changes and sends it."""

from dataclasses import dataclass

from storefront.core.languages import Language, find_language, offered, speaking
from storefront.orders.models import Order
from storefront.orders.sent_answers import Reader, find_readers, get_address
from storefront.owner.answers.letter import show_letter
from storefront.owner.answers.values import links_of, sample_links, values_for, variables_for
from storefront.shop.answers.queries import ListedAnswer, get_answer, language_to_send, read_answer_words
from storefront.shop.answers.words import AnswerWords, fill_in
from storefront.shop.emails.editable import Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedAnswer:
    """`links` are variables that stay in the words until the email leaves; `readers` are addresses."""

    answer: ListedAnswer
    language: Language
    languages: tuple[Language, ...]
    reader: Reader
    readers: dict[Reader, str]
    words: AnswerWords
    links: tuple[Variable, ...]


def prepare_answer(
    order: Order, key: str, *, language: Language | None = None, reader: Reader = Reader.BUYER
) -> PreparedAnswer:
    """Return an answer with what is known of the order. `language` is the buyer's where none is named.

    Raises:
        NotFound: no such answer.
        NobodyToAnswer: the reader has no address.
    """
    answer, email = get_answer(key), get_address(order, reader)
    spoken = language_to_send(answer, language or language_of(order))
    with speaking(spoken):
        words = fill_in(read_answer_words(answer, spoken), values_for(order, reader, email))
    return PreparedAnswer(
        answer=answer,
        language=spoken,
        languages=_languages(answer),
        reader=reader,
        readers=find_readers(order),
        words=words,
        links=links_of(reader, is_paid=order.is_paid),
    )


def language_of(order: Order) -> Language:
    """Return what its emails speak."""
    shop = offered()
    language = find_language(order.language or shop.own)
    return language if language in shop.languages else shop.own


def _languages(answer: ListedAnswer) -> tuple[Language, ...]:
    return answer.written if answer.is_own and answer.written else offered().languages


def fill_typed(order: Order, words: AnswerWords, *, language: Language, reader: Reader) -> AnswerWords:
    """Put values into what was typed: a variable may stand in it like in any answer.

    Raises:
        NobodyToAnswer: the reader has no address.
    """
    with speaking(language):
        return fill_in(words, values_for(order, reader, get_address(order, reader)))


def preview_answer(order: Order, words: AnswerWords, *, language: Language, reader: Reader) -> str:
    """Return the HTML of an email that is not sent. Its links lead to the shop's first page.

    Raises:
        NobodyToAnswer: the reader has no address.
    """
    filled = fill_typed(order, words, language=language, reader=reader)
    known = {each.name for each in variables_for(reader, is_paid=order.is_paid)}
    links = {name: url for name, url in sample_links().items() if name in known}
    with speaking(language):
        return show_letter(filled, links, email=get_address(order, reader), number=order.number)
