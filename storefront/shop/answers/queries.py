"""Answers as committed now: in the owner's order, and what each says in a language."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.core.languages import Language, find_language, offered
from storefront.shop.answers.models import Answer, AnswerText
from storefront.shop.answers.ours import OURS, blank_words, words_of_ours
from storefront.shop.answers.words import AnswerWords


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAnswer:
    """`is_own`: the owner made it. `written` are the languages in which it says the owner's words."""

    key: str
    title: str
    is_own: bool
    written: tuple[Language, ...]


def list_answers() -> list[ListedAnswer]:
    """Two statements, however many there are."""
    rows = db.session.scalars(select(Answer).execution_options(populate_existing=True)).all()
    written = _list_written()
    return [
        ListedAnswer(key=key, title=title, is_own=key not in OURS, written=written.get(key, ()))
        for key, title in in_order(rows)
    ]


def in_order(rows: Iterable[Answer]) -> list[tuple[str, str]]:
    """Return keys and titles. Those of the shop that were never moved stand where they stand in the code."""
    places = {key: (place, our.title) for place, (key, our) in enumerate(OURS.items())}
    for row in rows:
        title = OURS[row.key].title if row.key in OURS else row.title
        places[row.key] = (row.position, title)
    return [(key, title) for key, (_place, title) in sorted(places.items(), key=lambda each: each[1][0])]


def get_answer(key: str) -> ListedAnswer:
    """Raises NotFound."""
    listed = list_answers()
    found = next((each for each in listed if each.key == key), None)
    if found is None:
        known = ", ".join(each.key for each in listed)
        raise NotFound(f"There is no answer {key}. These are: {known}.")
    return found


def find_answer_words(key: str, language: Language) -> AnswerWords | None:
    """Return the owner's words in this language; None where there are none."""
    found = select(AnswerText).where(AnswerText.answer == key, AnswerText.language == language)
    row = db.session.scalars(found.execution_options(populate_existing=True)).one_or_none()
    return None if row is None else words_of(row)


def read_answer_words(answer: ListedAnswer, language: Language) -> AnswerWords:
    """Return what stands in the editor: the owner's words, or what they begin with."""
    written = find_answer_words(answer.key, language) if language in answer.written else None
    return written or starter_of(answer.key, language)


def starter_of(key: str, language: Language) -> AnswerWords:
    return words_of_ours(key, language) if key in OURS else blank_words(language)


def language_to_send(answer: ListedAnswer, wanted: Language) -> Language:
    """Return the language of an answer for who reads `wanted`: of an owner's own one that they wrote."""
    if not answer.is_own or not answer.written or wanted in answer.written:
        return wanted
    own = offered().own
    return own if own in answer.written else answer.written[0]


def words_of(row: AnswerText) -> AnswerWords:
    return AnswerWords(subject=row.subject, body=row.body)


def _list_written() -> dict[str, tuple[Language, ...]]:
    written: dict[str, set[Language]] = {}
    for key, code in db.session.execute(select(AnswerText.answer, AnswerText.language)):
        language = find_language(code)
        if language is not None:
            written.setdefault(key, set()).add(language)
    return {key: tuple(each for each in Language if each in languages) for key, languages in written.items()}
