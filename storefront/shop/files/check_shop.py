"""Texts of the shop itself with a rule that looks at more than their length."""

from collections.abc import Iterable, Iterator

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
    for ref, languages in _consents():
        text = folder.objects.get(ref, {}).get("consent_text", "")
        if text != shop.get(ref, {}).get("consent_text"):
            try:
                check_room(text, languages)
            except ValueError as error:
                folder.wrong(ref, "consent_text", str(error))


def _consents() -> Iterator[tuple[Ref, Iterable[Language]]]:
    """Yield what has words of consent, with the languages in which the form shows them."""
    yield SHOP, offered().languages
    for language in Language:
        yield translation_of(language), (language,)
