"""Reads the owner's texts in the language of a page or an email; where one is missing, the shop's own counts.

A row keeps them in its column `translations`, so they come with the row, and no page needs a statement more.
"""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, TypeVar, cast

from flask import has_request_context, request
from markupsafe import Markup
from sqlalchemy import ColumnElement, func, null
from sqlalchemy.orm import InstrumentedAttribute

from storefront.core.languages import Language, current_language, language_of_address, offered
from storefront.core.page_addresses import has_languages
from storefront.shop.translations.pairs import NOTHING, QUESTIONS, Pair, beside

# What can be translated, by table; the rest of a row is no text, or is what somebody else said.
PRODUCT_TEXTS = (
    "name",
    "summary",
    "description_markdown",
    "requirements",
    "first_steps",
    "questions",
    "tags",
    "search_title",
    "search_text",
)
EDITION_TEXTS = ("name", "line")
PICTURE_TEXTS = ("alt",)
SAMPLE_TEXTS = ("title",)
PAGE_TEXTS = ("title", "body_markdown")
SHOP_TEXTS = (
    "tagline",
    "about",
    "announcement",
    "mail_greeting",
    "mail_signature",
    "mail_footer",
    "consent_text",
)
TEXTS: Mapping[str, tuple[str, ...]] = {
    "products": PRODUCT_TEXTS,
    "editions": EDITION_TEXTS,
    "product_pictures": PICTURE_TEXTS,
    "product_samples": SAMPLE_TEXTS,
    "pages": PAGE_TEXTS,
    "shop_profile": SHOP_TEXTS,
}

AnyRow = TypeVar("AnyRow")
Kept = Mapping[str, Mapping[str, Any]] | None  # the column: language, column, [text, mark of the original]


class Untranslated(str):
    """A text that a page in another language shows as the owner wrote it: `lang` is its language."""

    __slots__ = ("lang",)
    lang: str

    def __new__(cls, text: str, lang: str) -> "Untranslated":
        made = super().__new__(cls, text)
        made.lang = lang
        return made


def asked_language() -> Language | None:
    """Return the language of this page or email; None where the owner's own texts stand as they are.

    `/admin`, commands, programs and files have none.
    """
    language = language_of_address()
    if language is None:
        if not (has_request_context() and has_languages(request.path)):
            return None
        language = current_language()
    return None if language is offered().own else language


def find_text(kept: Kept, language: Language, field: str) -> Any:  # noqa: ANN401 - a text, or a list of them
    """Return a text of the column `translations`; None where it is missing."""
    found = find_kept(kept, language, field)
    return found[0] if found else None


def find_kept(kept: Kept, language: Language, field: str) -> Any:  # noqa: ANN401 - [text, mark]
    return ((kept or {}).get(language) or {}).get(field)


def said(row: AnyRow) -> AnyRow:
    """Return a row whose texts are in the language of now: to be read, not written."""
    language = asked_language()
    return row if language is None else cast("AnyRow", _Said(row, language))


class _Said:
    """Reads as the row does, except for its texts."""

    def __init__(self, row: Any, language: Language) -> None:  # noqa: ANN401 - of any table of TEXTS
        self._row = row
        self._language = language

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of any column
        original = getattr(self._row, name)
        if name not in TEXTS[self._row.__tablename__]:
            return original
        found = find_kept(self._row.translations, self._language, name)
        if not found:
            return as_original(original)
        return _fill(original, beside(original, *found)) if name == QUESTIONS else found[0]


def _fill(original: list[Pair], told: list[Pair]) -> list[Pair]:
    """Return questions, each in the shop's own language where it is not translated."""
    pairs = zip_longest(original, told, fillvalue=NOTHING)
    return [pair if any(pair) else as_original(own) for own, pair in pairs]


def pick(found: str | None, original: str) -> str:
    """Return a translation that a statement found, or else the original, marked as such on a page."""
    if found is not None:
        return found
    return original if asked_language() is None else cast("str", as_original(original))


def as_original(value: Any) -> Any:  # noqa: ANN401 - a text, or a list of them
    """Mark texts as the shop's own language."""
    if isinstance(value, str):
        return Untranslated(value, offered().own.value) if value else value
    return [as_original(entry) for entry in value] if isinstance(value, list) else value


def find_column(column: Any) -> ColumnElement[str | None]:  # noqa: ANN401 - of a table or a model
    """Select the translation of a column for the language of now; NULL where it is missing."""
    language = asked_language()
    if language is None:
        return cast("ColumnElement[str | None]", null())
    return find_column_in(column, language)


def find_column_in(column: Any, language: Language) -> ColumnElement[str | None]:  # noqa: ANN401 - as above
    """Select the translation of a column for one language; NULL where it is missing."""
    row = column.class_ if isinstance(column, InstrumentedAttribute) else column.table.c
    return cast("ColumnElement[str | None]", row.translations[language.value, column.key, 0].as_string())


def told(column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Select a column in the language of now."""
    return told_in(column, asked_language())


def told_in(column: InstrumentedAttribute[str], language: Language | None) -> ColumnElement[str]:
    """Select a column in a language; None is the owner's own."""
    if language is None:
        return cast("ColumnElement[str]", column)
    return func.coalesce(find_column_in(column, language), column)


def as_like(marked: str, text: str) -> str:
    """Return a text made of another one, in the language that the other one is marked with."""
    return Untranslated(text, marked.lang) if isinstance(marked, Untranslated) else text


def lang_of(text: object) -> Markup:
    """Return the attribute of an element whose text is in another language than its page."""
    lang = getattr(text, "lang", "")
    return Markup(' lang="{}"').format(lang) if lang and lang != current_language() else Markup()
