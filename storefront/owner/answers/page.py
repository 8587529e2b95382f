"""The editor of one answer in one language, and how its email would look."""

from collections.abc import Mapping
from dataclasses import dataclass

from storefront.core.languages import Language, offered, speaking
from storefront.owner.answers.letter import show_letter
from storefront.owner.answers.values import sample_links, sample_values
from storefront.shop.answers.queries import ListedAnswer, get_answer, read_answer_words
from storefront.shop.answers.words import VARIABLES, AnswerWords, fill_in
from storefront.shop.editor.stale import digest_of
from storefront.shop.emails.editable import Variable

LONGEST_PREVIEW = 20_000  # characters of a text: what cannot be saved is shown all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEditor:
    """`values` are fields by name, `shown` their digests; `languages` are what the shop speaks, and this one."""

    answer: ListedAnswer
    language: Language
    languages: tuple[Language, ...]
    values: dict[str, str]
    shown: dict[str, str]
    is_written: bool
    variables: tuple[Variable, ...]


def read_answer_editor(
    key: str, language: Language, shown_before: Mapping[str, str] | None = None
) -> AnswerEditor:
    """Return an answer as committed now. `shown_before` are digests of a refused form. Raises NotFound."""
    answer = get_answer(key)
    values = read_answer_words(answer, language).as_fields()
    spoken = offered().languages
    return AnswerEditor(
        answer=answer,
        language=language,
        languages=spoken if language in spoken else (*spoken, language),
        values=values,
        shown={name: digest_of(value) for name, value in values.items()} | dict(shown_before or {}),
        is_written=language in answer.written,
        variables=VARIABLES,
    )


def preview_sample(key: str, language: Language, typed: Mapping[str, str], *, email: str) -> str:
    """Return the HTML of an answer with what is typed, about an order that is not there. Raises NotFound."""
    saved = read_answer_words(get_answer(key), language).as_fields()
    texts = {name: typed.get(name, text).replace("\r\n", "\n")[:LONGEST_PREVIEW] for name, text in saved.items()}
    with speaking(language):
        words = fill_in(AnswerWords(**texts), sample_values(email))
        return show_letter(words, sample_links(), email=email, number="EXAMPLE")
