"""Names what keeps a published page of a folder from being shown, in whatever language."""

from collections.abc import Iterator

from storefront.core.languages import Language
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import Fields, Kind, Objects, Ref
from storefront.shop.files.translations import check_translation, translation_of
from storefront.shop.pages.edit import find_blockers

BODY = "body_markdown"


def check_published_page(folder: Folder, ref: Ref, merged: Objects) -> None:
    """Refuse what is still to be filled in; of a language that the folder has, at its own file."""
    for blocker in find_blockers(merged[ref].get("text", "")):
        folder.wrong(ref, "is_published", blocker)
    for language in Language:
        translation = translation_of(language, page=ref.name)
        if translation not in folder.objects:
            for blocker in _find_translated_blockers(merged.get(translation, {})):
                folder.wrong(ref, "is_published", f"In {language.name.title()}: {blocker}")


def check_any_translation(folder: Folder, ref: Ref, shop: Objects, merged: Objects) -> None:
    check_translation(folder, ref, shop, merged)
    if merged.get(Ref(Kind.PAGE, name=ref.part), {}).get("is_published"):
        for blocker in _find_translated_blockers(merged[ref]):
            folder.wrong(ref, BODY, f"This page is published. {blocker}")


def _find_translated_blockers(values: Fields) -> Iterator[str]:
    """Yield nothing where it is missing: the original is shown then."""
    if values.get(BODY):
        yield from find_blockers(values[BODY])
