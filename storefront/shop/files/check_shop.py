"""Texts of the shop itself with a rule that looks at more than their length."""

from collections.abc import Iterable

from storefront.core.languages import Language, offered
from storefront.shop.catalog.models import ProductState
from storefront.shop.files.folder import Folder
from storefront.shop.files.merged import Merged
from storefront.shop.files.objects import AS_WRITTEN, SHOP, Kind, Objects, Ref, product_ref, refs_of
from storefront.shop.files.page_blockers import find_translated_blockers, is_shown
from storefront.shop.files.translations import translation_of
from storefront.shop.pages.consent import check_room
from storefront.shop.profile.change import READERS
from storefront.shop.profile.languages import find_added, languages_of
from storefront.shop.profile.main_currency import find_currency_trouble
from storefront.shop.profile.new_languages import TextsHidden


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


def note_main_currency(folder: Folder, merged: Merged) -> None:
    """Tell of one in which the folder leaves no price: no mistake, since an export may say so itself."""
    if "main_currency" not in folder.objects.get(SHOP, {}):
        return
    prices = [ref for ref in refs_of(merged, Kind.PRICE) if _is_open(ref, merged)]
    if trouble := find_currency_trouble(merged[SHOP]["main_currency"], {ref.part for ref in prices}):
        folder.notes.append(f"shop/main_currency: {trouble}")


def _is_open(price: Ref, merged: Merged) -> bool:
    state = merged[product_ref(price.product)]["state"]
    return bool(merged[price.edition]["is_active"]) and state != ProductState.RETIRED


def check_languages(folder: Folder, shop: Objects, merged: Objects) -> None:
    """Refuse a language in which a published page has something to be filled in; tell what is shown no more."""
    before, after = _languages_in(shop), _languages_in(merged)
    for language in sorted(find_added(before, after)):
        _check_pages(folder, language, shop, merged)
    own = languages_of(after).own
    if own is not languages_of(before).own:
        _note_hidden(folder, own, shop)


def _languages_in(things: Objects) -> str:
    return str(things.get(SHOP, {}).get("languages", ""))


def _check_pages(folder: Folder, language: Language, shop: Objects, merged: Objects) -> None:
    """Ask the translations that nothing else of the folder asks: it brings neither them nor their page anew."""
    for page in refs_of(merged, Kind.PAGE):
        translation = translation_of(language, page=page.name)
        blockers = " ".join(find_translated_blockers(merged.get(translation, {})))
        if blockers and merged[page].get("is_published") and is_shown(translation, shop, merged):
            folder.wrong(SHOP, "languages", f"{page.path} in {language.name.title()}: {blockers}")


def _note_hidden(folder: Folder, own: Language, shop: Objects) -> None:
    count = sum(_count_texts(ref, folder, shop) for ref in {**shop, **folder.objects} if ref.name == own)
    if count:
        folder.notes.append(f"shop/languages: {TextsHidden(own, count)}")


def _count_texts(ref: Ref, folder: Folder, shop: Objects) -> int:
    texts = shop.get(ref, {}) | folder.objects.get(ref, {}) | {AS_WRITTEN: None}
    return sum(map(bool, texts.values())) if ref.kind is Kind.TRANSLATION else 0


def _languages_of(ref: Ref) -> Iterable[Language]:
    """Return the languages in which the form shows these words of consent."""
    return offered().languages if ref == SHOP else (Language(ref.name),)
