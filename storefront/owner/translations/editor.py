"""The page on which one product, one page or the shop is translated into one language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Unpack

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.core.languages import Language, find_language, offered
from storefront.shop.catalog.queries import get_product
from storefront.shop.editor.stale import digest_of
from storefront.shop.pages.queries import get_page
from storefront.shop.profile.models import THE_ONE, ShopProfile
from storefront.shop.translations.change import (
    Carried,
    Text,
    Texts,
    change_page_texts,
    change_product_texts,
    change_shop_texts,
    list_page_texts,
    list_product_texts,
    list_shop_texts,
)

PRODUCTS, PAGES, SHOP = "products", "pages", "shop"
LABELS = {
    "name": "Name",
    "summary": "Tagline",
    "description_markdown": "Description",
    "requirements": "System requirements",
    "first_steps": "First steps",
    "questions": "Questions and answers",
    "tags": "Tags",
    "search_title": "Title for search engines",
    "search_text": "Description for search engines",
    "line": "Line",
    "alt": "Alt text",
    "title": "Title",
    "body_markdown": "Text",
    "tagline": "Tagline",
    "about": "About",
    "announcement": "Announcement",
    "mail_greeting": "Greeting of emails",
    "mail_signature": "Signature of emails",
    "mail_footer": "Footer of emails",
    "consent_text": "Consent at Checkout",
}
PARTS = {"editions": "Edition", "pictures": "Picture", "samples": "Sample"}
LONG = 200  # characters: more have a field of several lines
MOST_ROWS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One text. `most` is how many characters fit, None for a list. `mark` is that of its original."""

    name: str
    label: str
    original: Any
    value: Any
    most: int | None
    is_line: bool
    is_missing: bool
    is_old: bool
    mark: str

    @property
    def is_questions(self) -> bool:
        return self.name == "questions"

    @property
    def rows(self) -> int:
        """Return how many lines its field has, by the original."""
        length = len(self.original) if isinstance(self.original, str) else 0
        return min(MOST_ROWS, 3 + length // 80)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationEditor:
    """`slug` is empty for the shop's own words. `shown` are digests of the values; `others` languages to go to."""

    kind: str
    slug: str
    title: str
    own: Language
    language: Language
    others: tuple[Language, ...]
    is_offered: bool
    entries: tuple[Entry, ...]
    shown: dict[str, str]

    @property
    def missing(self) -> int:
        return sum(entry.is_missing for entry in self.entries)

    @property
    def old(self) -> int:
        return sum(entry.is_old for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTexts:
    """`overtaken` are what texts are called whose originals were changed while somebody translated them."""

    is_changed: bool
    overtaken: tuple[str, ...]


def other_languages() -> tuple[Language, ...]:
    """Return what the shop offers beside its own language."""
    return offered().others


def read_language(code: str) -> Language:
    """Return a language, also one that is not offered yet. Raises NotFound for the shop's own, and for none."""
    language = find_language(code)
    if language is None or language is offered().own:
        raise NotFound("The shop isn't translated into this language: /admin/shop says which it speaks.")
    return language


def read_editor(
    kind: str, slug: str, code: str, kept: Mapping[str, str], originals: Mapping[str, str]
) -> TranslationEditor:
    """Return the texts as committed now, with their originals.

    `kept` are digests of a form that was refused, and `originals` the marks of what it was translated from.

    Raises:
        NotFound: no such product or page, or the shop's own language.
    """
    language = read_language(code)
    title, texts = list_texts(kind, slug)
    entries = tuple(_entries(texts, language, originals))
    return TranslationEditor(
        kind=kind,
        slug=slug,
        title=title,
        own=offered().own,
        language=language,
        others=other_languages(),
        is_offered=language in other_languages(),
        entries=entries,
        shown={entry.name: digest_of(entry.value) for entry in entries} | dict(kept),
    )


def list_texts(kind: str, slug: str) -> tuple[str, Texts]:
    """Return what it is called, and its texts. Raises NotFound."""
    session = db.session()
    if kind == PRODUCTS:
        product = get_product(session, slug)
        return product.name, list_product_texts(session, product)
    if kind == PAGES:
        page = get_page(session, slug)
        return page.title, list_page_texts(page)
    if kind != SHOP:
        raise NotFound("Only products, pages and the shop are translated.")
    profile = session.get(ShopProfile, THE_ONE, populate_existing=True)
    return "The shop", list_shop_texts(profile or ShopProfile())


def save_texts(
    kind: str, slug: str, code: str, values: Mapping[str, Any], **carried: Unpack[Carried]
) -> SavedTexts:
    """Write what changed.

    Raises:
        NotFound: as `read_editor`.
        TranslationRefused, StaleSave: nothing was saved.
    """
    language = read_language(code)
    changed = _save(kind, slug, language, values, **carried)
    _title, texts = list_texts(kind, slug)
    written = [name for name in texts if name in changed or name in carried.get("still_right", ())]
    overtaken = [_label(name, texts) for name in written if texts[name].is_old(language)]
    return SavedTexts(is_changed=bool(changed), overtaken=tuple(overtaken))


def _save(
    kind: str, slug: str, language: Language, values: Mapping[str, Any], **carried: Unpack[Carried]
) -> list[str]:
    if kind == PRODUCTS:
        return change_product_texts(slug, language, values, **carried)
    if kind == PAGES:
        return change_page_texts(slug, language, values, **carried)
    if kind != SHOP:
        raise NotFound("Only products, pages and the shop are translated.")
    return change_shop_texts(language, values, **carried)


def _entries(texts: Texts, language: Language, originals: Mapping[str, str]) -> Iterator[Entry]:
    for name, text in texts.items():
        value = text.read(language)
        if not text.original and not value:
            continue  # nothing to translate
        yield Entry(
            name=name,
            label=_label(name, texts),
            original=text.original,
            value=value,
            most=text.rule.longest if text.rule else None,
            is_line=text.rule is not None and text.rule.is_line and text.rule.longest <= LONG,
            is_missing=text.is_missing(language),
            is_old=text.is_old(language),
            mark=originals.get(name, text.mark),
        )


def _label(name: str, texts: Mapping[str, Text]) -> str:
    part, _, rest = name.partition("/")
    if not rest:
        return LABELS[name]
    thing, _, column = rest.rpartition("/")
    called = texts[f"editions/{thing}/name"].original if part == "editions" else _number(name, texts)
    return f"{PARTS[part]} {called}: {LABELS[column].lower()}"


def _number(name: str, texts: Mapping[str, Text]) -> int:
    """Return the place of a picture or sample among its kind."""
    part = name.partition("/")[0]
    return [other for other in texts if other.startswith(part + "/")].index(name) + 1
