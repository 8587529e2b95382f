"""Texts of the shop itself with a rule that looks at more than their length."""

from collections.abc import Iterable

from storefront.core.languages import Language, offered
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import SHOP, Objects, Ref
from storefront.shop.files.translations import translation_of
from storefront.shop.pages.consent import check_room
from storefront.shop.profile.change import READERS


def check_shop_texts(folder: Folder, shop: Objects) -> None:
    """Add a mistake for each; words of consent that the shop has already are let be."""
    for name, read in READERS.items():
        try:
            read(folder.objects.get(SHOP, {}).get(name, ""))
        except ValueError as error:
            folder.wrong(SHOP, name, str(error))
    for ref in (SHOP, *map(translation_of, Language)):
        text = folder.objects.get(ref, {}).get("consent_text", "")
        if text and text != shop.get(ref, {}).get("consent_text"):
            try:
                check_room(text, _languages_of(ref))
            except ValueError as error:
                folder.wrong(ref, "consent_text", str(error))


def _languages_of(ref: Ref) -> Iterable[Language]:
    """Return the languages in which the form shows these words of consent."""
    return offered().languages if ref == SHOP else (Language(ref.name),)
