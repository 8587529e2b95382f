"""What a change of the shop's languages would show unfinished, or show no more."""

from collections.abc import Iterator
from itertools import chain, product, starmap
from typing import Any

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session

from storefront.core.db import Base
from storefront.core.languages import Language
from storefront.shop.editor.refusals import FieldsRefused
from storefront.shop.pages.edit import find_translated_blockers
from storefront.shop.pages.models import Page
from storefront.shop.pages.queries import select_pages
from storefront.shop.profile.languages import find_added, languages_of
from storefront.shop.translations.read import TEXTS


class LanguagesRefused(FieldsRefused):
    code = "languages_refused"


class TextsHidden(LanguagesRefused):
    """`hidden` is to be the shop's own language, and there are translations in it. Nothing was saved."""

    code = "texts_hidden"
    status = 409

    def __init__(self, language: Language, count: int) -> None:
        name, texts = language.name.title(), "1 text" if count == 1 else f"{count} texts"
        words = f"{texts} in {name} would be kept, but shown no more: your originals would count as {name}."
        super().__init__({"languages": words})
        self.hidden = language


def check_languages(session: Session, before: str, after: str, *, may_hide: Language | None) -> None:
    """Look at what would become of translations. `may_hide` is a language whose translations may be shown no more.

    Raises:
        LanguagesRefused: a published page has something to be filled in, in a language that is added.
        TextsHidden: the shop's own language would be one that there are translations in.
    """
    own_now = languages_of(before).own
    _check_pages(session, find_added(before, after), own_now)
    _check_own(session, languages_of(after).own, kept=(own_now, may_hide))


def _check_pages(session: Session, added: set[Language], own_now: Language) -> None:
    pages = session.scalars(select_pages().where(Page.is_published)).all()
    unfinished = list(chain(*starmap(_find_gaps, product(pages, sorted(added), [own_now]))))
    if unfinished:
        raise LanguagesRefused({"languages": " ".join(unfinished)})


def _find_gaps(page: Page, language: Language, own_now: Language) -> Iterator[str]:
    blockers = " ".join(find_translated_blockers(page, language))
    if blockers:
        name = language.name.title()
        shown = f"{page.title} is published. In {name}: {blockers}"
        # No editor translates into the shop's own language.
        how = f"Save without {name} first, then write it" if language is own_now else "Write it first,"
        yield f"{shown} {how} at /admin/translations/{language}/pages/{page.slug}."


def _check_own(session: Session, own: Language, *, kept: tuple[Language | None, ...]) -> None:
    count = 0 if own in kept else _count_texts(session, own)
    if count:
        raise TextsHidden(own, count)


def _count_texts(session: Session, language: Language) -> int:
    kept = session.scalars(union_all(*map(_select_translations, TEXTS)))
    return sum(len(texts.get(language, ())) for texts in kept)


def _select_translations(table: str) -> Select[dict[str, Any]]:
    column = Base.metadata.tables[table].c.translations
    return select(column).where(column.is_not(None))
