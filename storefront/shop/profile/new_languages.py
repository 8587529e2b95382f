"""What a change of the shop's languages would show unfinished, or show no more."""

from collections.abc import Iterator

from sqlalchemy import select
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
    """`language` is to be the shop's own, and there are translations in it. Nothing was saved."""

    code = "texts_hidden"
    status = 409

    def __init__(self, language: Language, count: int) -> None:
        name, texts = language.name.title(), "1 text" if count == 1 else f"{count} texts"
        words = f"{texts} in {name} would be kept, but shown no more: your originals would count as {name}."
        super().__init__({"languages": words})
        self.language = language


def check_languages(session: Session, before: str, after: str, *, may_hide: Language | None) -> None:
    """Look at what would become of translations. `may_hide` is a language whose translations may be shown no more.

    Raises:
        LanguagesRefused: a published page has something to be filled in, in a language that is added.
        TextsHidden: the shop's own language would be one that there are translations in.
    """
    unfinished = list(_find_unfinished(session, find_added(before, after)))
    if unfinished:
        raise LanguagesRefused({"languages": " ".join(unfinished)})
    own = languages_of(after).own
    if own not in (languages_of(before).own, may_hide) and (count := _count_texts(session, own)):
        raise TextsHidden(own, count)


def _find_unfinished(session: Session, added: tuple[Language, ...]) -> Iterator[str]:
    for page in session.scalars(select_pages().where(Page.is_published)).all() if added else ():
        for language in added:
            blockers = " ".join(find_translated_blockers(page, language))
            if blockers:
                shown = f"{page.title} is published. In {language.name.title()}: {blockers}"
                yield f"{shown} Write it first, at /admin/translations/{language}/pages/{page.slug}"


def _count_texts(session: Session, language: Language) -> int:
    columns = (Base.metadata.tables[name].c.translations for name in TEXTS)
    kept = (each for column in columns for each in session.scalars(select(column).where(column.is_not(None))))
    return sum(len(texts.get(language, ())) for texts in kept)
