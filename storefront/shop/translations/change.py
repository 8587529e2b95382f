"""Writes the owner's texts in other languages: of a product with all that belongs to it, of a page, of the shop.

A text is known by a name of its own: a column of the product, page or shop, or of what belongs to a product, such
as `editions/personal/name`, `pictures/<SHA-256>/alt` and `samples/<SHA-256>/title`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.core.languages import Language
from storefront.shop.catalog.models import Edition, Product
from storefront.shop.catalog.queries import lock_product, select_editions
from storefront.shop.editor.refusals import FieldsRefused, ProductRefused
from storefront.shop.editor.stale import digest_of, pick_changes
from storefront.shop.editor.texts import EDITION_RULES, MOST_QUESTIONS, RULES, TextRule, clean_text, clean_texts
from storefront.shop.media.models import Picture, ProductPicture, ProductSample
from storefront.shop.media.words import ALT, TITLE
from storefront.shop.pages.consent import RULES as CONSENT
from storefront.shop.pages.consent import check_room
from storefront.shop.pages.edit import find_blockers
from storefront.shop.pages.models import Page
from storefront.shop.pages.queries import lock_page
from storefront.shop.pages.words import RULES as PAGE
from storefront.shop.profile.change import RULES as PROFILE
from storefront.shop.profile.row import lock_profile
from storefront.shop.translations.pairs import NOTHING, QUESTIONS, Pair, beside, mark_pairs, without_end
from storefront.shop.translations.read import (
    EDITION_TEXTS,
    PAGE_TEXTS,
    PICTURE_TEXTS,
    PRODUCT_TEXTS,
    SAMPLE_TEXTS,
    SHOP_TEXTS,
    find_kept,
)


class TranslationRefused(FieldsRefused):
    code = "translation_refused"


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the owner's: the row and the column that have the original. `rule` is None for lists."""

    row: Any
    column: str
    rule: TextRule | None

    @property
    def original(self) -> Any:  # noqa: ANN401 - a text, or a list of them
        return getattr(self.row, self.column)

    @property
    def mark(self) -> str:
        """Return by what it is known later whether the original is still this one."""
        return mark_pairs(self.original or ()) if self.column == QUESTIONS else digest_of(self.original)

    def read(self, language: Language) -> Any:  # noqa: ANN401 - as above
        """Return the translation; empty where it is missing. Of questions: each at the place of its original."""
        kept = self.find_kept(language)
        if kept is None:
            return [] if self.rule is None else ""
        return beside(self.original or (), *kept) if self.column == QUESTIONS else kept[0]

    def find_kept(self, language: Language) -> Any:  # noqa: ANN401 - [text, mark]
        return find_kept(self.row.translations, language, self.column)

    def is_missing(self, language: Language) -> bool:
        """Tell whether there is no translation; of questions whether one has none."""
        told = self.read(language)
        if told and self.column == QUESTIONS:
            return len(told) < len(self.original) or not all(map(any, told))
        return bool(self.original) and not told

    def is_old(self, language: Language) -> bool:
        """Tell whether the original was changed since it was translated."""
        kept = self.find_kept(language)
        return kept is not None and kept[1] not in (self.mark, digest_of(self.original))

    def write(self, language: Language, value: Any, mark: str | None = None) -> None:  # noqa: ANN401 - as above
        """Keep a clean translation; an empty one takes it away.

        `mark` is that of the original that it was made from; None where that is the one of now.
        """
        translations = dict(self.row.translations or {})
        of_language = dict(translations.get(language) or {})
        if value:
            of_language[self.column] = [value, self.mark if mark is None else mark]
        else:
            of_language.pop(self.column, None)
        translations[language.value] = of_language
        self.row.translations = {code: texts for code, texts in translations.items() if texts} or None


Texts = Mapping[str, Text]
NO_MARKS: Mapping[str, str] = {}


class Carried(TypedDict, total=False):
    """What a form brings beside its texts; see `pick_changes` for `shown`.

    `still_right` are translations that hold although their original was changed. `originals` are marks of the
    originals that somebody translated from: one that was changed meanwhile leaves its translation old, and is not
    noted as `still_right`.
    """

    shown: Mapping[str, str] | None
    still_right: Collection[str]
    originals: Mapping[str, str]


def list_product_texts(session: Session, product: Product) -> dict[str, Text]:
    """Return every text of a product as committed now, in the order of its page. Three statements."""
    pictures = (
        select(ProductPicture, Picture.sha256)
        .join(Picture, Picture.id == ProductPicture.picture_id)
        .where(ProductPicture.product_id == product.id)
        .order_by(ProductPicture.position, ProductPicture.id)
        .execution_options(populate_existing=True)
    )
    samples = (
        select(ProductSample)
        .where(ProductSample.product_id == product.id)
        .order_by(ProductSample.position, ProductSample.id)
        .execution_options(populate_existing=True)
    )
    return texts_of_product(
        product,
        editions=session.scalars(select_editions(product.id)),
        pictures=((picture, sha256) for picture, sha256 in session.execute(pictures)),
        samples=session.scalars(samples),
    )


def texts_of_product(
    product: Product,
    *,
    editions: Iterable[Edition],
    pictures: Iterable[tuple[ProductPicture, str]],
    samples: Iterable[ProductSample],
) -> dict[str, Text]:
    """Return every text of a product, of rows that were read. Pictures come with their SHA-256."""
    texts = {name: Text(product, name, RULES.get(name)) for name in PRODUCT_TEXTS}
    for edition in editions:
        for column in EDITION_TEXTS:
            texts[f"editions/{edition.key}/{column}"] = Text(edition, column, EDITION_RULES[column])
    return texts | _texts_of_media(pictures, samples)


def _texts_of_media(
    pictures: Iterable[tuple[ProductPicture, str]], samples: Iterable[ProductSample]
) -> dict[str, Text]:
    texts: dict[str, Text] = {}
    for picture, sha256 in pictures:
        texts |= {f"pictures/{sha256}/{column}": Text(picture, column, ALT) for column in PICTURE_TEXTS}
    for sample in samples:
        texts |= {f"samples/{sample.sha256}/{column}": Text(sample, column, TITLE) for column in SAMPLE_TEXTS}
    return texts


def list_page_texts(page: Any) -> dict[str, Text]:  # noqa: ANN401 - a Page
    return {name: Text(page, name, PAGE[name]) for name in PAGE_TEXTS}


def list_shop_texts(profile: Any) -> dict[str, Text]:  # noqa: ANN401 - a ShopProfile
    rules = PROFILE | CONSENT
    return {name: Text(profile, name, rules[name]) for name in SHOP_TEXTS}


def change_product_texts(
    slug: str,
    language: Language,
    submitted: Mapping[str, Any],
    **carried: Unpack[Carried],
) -> list[str]:
    """Write the translations that changed, and return their names. An empty one takes it away.

    Raises:
        NotFound: no such product.
        TranslationRefused: a text cannot be stored, or the product has none of this name; nothing is changed.
        StaleSave: somebody else changed the same translation meanwhile; nothing is changed.
    """
    with transaction() as session:
        product = lock_product(session, slug)
        texts = list_product_texts(session, product)
        subject = "product", product.slug
        return write_texts(session, subject, texts, language, submitted, **carried)


def change_page_texts(
    slug: str,
    language: Language,
    submitted: Mapping[str, Any],
    **carried: Unpack[Carried],
) -> list[str]:
    """Do as `change_product_texts` does, for a page."""
    with transaction() as session:
        page = lock_page(session, slug)
        return write_page_texts(session, page, language, submitted, **carried)


def write_page_texts(
    session: Session,
    page: Page,
    language: Language,
    submitted: Mapping[str, Any],
    **carried: Unpack[Carried],
) -> list[str]:
    """Do as `change_page_texts` does, inside the caller's transaction. The page is locked.

    Raises:
        TranslationRefused: a published page would show what is still to be filled in.
    """
    texts, subject = list_page_texts(page), ("page", page.slug)
    changed = write_texts(session, subject, texts, language, submitted, **carried)
    if page.is_published and "body_markdown" in changed:
        _check_filled_in(texts["body_markdown"].read(language))
    return changed


def _check_filled_in(text: str) -> None:
    """Raises TranslationRefused. What is not translated shows its original."""
    blockers = list(find_blockers(text)) if text else []
    if blockers:
        raise TranslationRefused({"body_markdown": f"This page is published. {' '.join(blockers)}"})


def change_shop_texts(
    language: Language,
    submitted: Mapping[str, Any],
    **carried: Unpack[Carried],
) -> list[str]:
    """Do as `change_product_texts` does, for the shop's own words."""
    with transaction() as session:
        texts = list_shop_texts(lock_profile(session))
        subject = "shop", "shop"
        changed = write_texts(session, subject, texts, language, submitted, **carried)
        if "consent_text" in changed:
            _check_consent(texts["consent_text"].read(language), language)
    g.pop("profile", None)
    return changed


def _check_consent(text: str, language: Language) -> None:
    """Raises TranslationRefused."""
    try:
        check_room(text, (language,))
    except ValueError as error:
        raise TranslationRefused({"consent_text": str(error)}) from error


def write_texts(
    session: Session,
    subject: tuple[str, str],
    texts: Texts,
    language: Language,
    submitted: Mapping[str, Any],
    *,
    shown: Mapping[str, str] | None = None,
    still_right: Collection[str] = (),
    originals: Mapping[str, str] = NO_MARKS,
) -> list[str]:
    """Do as `change_product_texts` does, inside the caller's transaction. `subject` is a kind and a name."""
    cleaned = clean_translations(texts, submitted)
    current = {name: texts[name].read(language) for name in cleaned}
    changes = pick_changes(current, cleaned, shown)
    for name, value in changes.items():
        texts[name].write(language, value, originals.get(name))
    kept = [name for name in still_right if name in texts and _holds(texts[name], language, originals.get(name))]
    for name in kept:
        texts[name].write(language, texts[name].read(language))
    if changes or kept:
        kind, name = subject
        before = _told({field: current[field] for field in changes}, language)
        after = _told(changes, language) | _told(dict.fromkeys(kept, "still right"), language)
        record(session, f"{kind}.translated", subject_kind=kind, subject=name, before=before, after=after)
    return [*changes, *kept]


def _told(values: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return values of fields as the audit log names them."""
    return {f"{language}/{field}": value for field, value in values.items()}


def _holds(text: Text, language: Language, mark: str | None) -> bool:
    """Tell whether an old translation may be noted as right: for the original that somebody read."""
    return text.is_old(language) and mark in (None, text.mark)


def clean_translations(texts: Texts, submitted: Mapping[str, Any]) -> dict[str, Any]:
    """Return translations as they are stored.

    Raises:
        TranslationRefused: with a sentence for each that cannot be stored.
    """
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {}
    for name, value in submitted.items():
        try:
            cleaned[name] = _clean(texts, name, value)
        except (ValueError, FieldsRefused) as error:
            problems[name] = str(error)
    if problems:
        raise TranslationRefused(problems)
    return cleaned


def _clean(texts: Texts, name: str, value: Any) -> Any:  # noqa: ANN401 - a text, or a list of them
    if name not in texts:
        raise ValueError(f"There is no text {name} here: reload the page.")
    rule = texts[name].rule
    if name == QUESTIONS:
        return clean_pairs(value)
    if rule is None:
        return clean_texts({name: value})[name]
    plain = str(value)
    # Nothing is needed: what is missing is shown in the shop's own language.
    return clean_text(plain, rule) if plain.strip() else ""


def clean_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Return translated questions, each at its place: an empty pair is one that is missing.

    Raises:
        ProductRefused: one cannot be stored, or they are too many.
    """
    clean_texts({QUESTIONS: pairs})
    at_their_places = without_end([_clean_pair(pair) for pair in pairs])
    if len(at_their_places) > MOST_QUESTIONS:
        words = f"There are {MOST_QUESTIONS} questions at most: this names {len(at_their_places)} places."
        raise ProductRefused({QUESTIONS: words})
    return at_their_places


def _clean_pair(pair: Pair) -> Pair:
    cleaned: list[Pair] = clean_texts({QUESTIONS: [pair]})[QUESTIONS]
    return cleaned[0] if cleaned else NOTHING
