"""Names what keeps a published page of a folder from being shown, in whatever language."""

from collections.abc import Iterator

from storefront.core.languages import Language
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import AS_WRITTEN, Fields, Kind, Objects, Ref
from storefront.shop.files.translations import check_translation, translation_of
from storefront.shop.pages.edit import find_blockers
from storefront.shop.translations.pairs import QUESTIONS

BODY = "body_markdown"


def check_published_page(folder: Folder, ref: Ref, shop: Objects, merged: Objects) -> None:
    """Refuse what is still to be filled in; of a language that the folder has, at its own file.

    What the shop shows already is let be: it is exported as it is.
    """
    for blocker in find_blockers(merged[ref].get("text", "")):
        folder.wrong(ref, "is_published", blocker)
    _check_other_languages(folder, ref, shop, merged)


def _check_other_languages(folder: Folder, ref: Ref, shop: Objects, merged: Objects) -> None:
    for language in Language:
        translation = translation_of(language, page=ref.name)
        if translation not in folder.objects and not is_shown(translation, shop, merged):
            for blocker in find_translated_blockers(merged.get(translation, {})):
                folder.wrong(ref, "is_published", f"In {language.name.title()}: {blocker}")


def check_any_translation(folder: Folder, ref: Ref, shop: Objects, merged: Objects) -> None:
    check_translation(folder, ref, shop, merged)
    _note_order_of_before(folder, ref, shop)
    is_published = merged.get(Ref(Kind.PAGE, name=ref.part), {}).get("is_published")
    if is_published and not is_shown(ref, shop, merged):
        for blocker in find_translated_blockers(merged[ref]):
            folder.wrong(ref, BODY, f"This page is published. {blocker}")


def _note_order_of_before(folder: Folder, ref: Ref, shop: Objects) -> None:
    """Tell of questions that were moved in product.md alone: each is taken by its place once one is changed."""
    current, questions = shop.get(ref, {}), folder.objects[ref].get(QUESTIONS)
    if questions and questions == current.get(AS_WRITTEN) != current.get(QUESTIONS):
        words = "stand in the order of before: write them in that of product.md, or export, before you change one."
        folder.notes.append(f"{ref.path}/questions {words}")


def is_shown(translation: Ref, shop: Objects, merged: Objects) -> bool:
    """Tell whether the shop shows these very words already, where it offers their language."""
    is_published = shop.get(Ref(Kind.PAGE, name=translation.part), {}).get("is_published")
    text = shop.get(translation, {}).get(BODY)
    return bool(is_published) and text == merged.get(translation, {}).get(BODY)


def find_translated_blockers(values: Fields) -> Iterator[str]:
    """Yield nothing where it is missing: the original is shown then."""
    if values.get(BODY):
        yield from find_blockers(values[BODY])
