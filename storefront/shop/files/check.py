"""What no single field can tell: whether the shop and the folder together are something that can be sold."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from storefront.core import clock
from storefront.mail.models import MailKind
from storefront.shop.catalog.models import FOR_SALE, KeySource, ProductState
from storefront.shop.catalog.parts import MOST_PARTS
from storefront.shop.catalog.releases import ReleaseState
from storefront.shop.catalog.upgrade_paths import read_paths
from storefront.shop.editor.editions import MOST_EDITIONS
from storefront.shop.editor.goods import GOODS, NOTHING
from storefront.shop.editor.parts import INCLUDES
from storefront.shop.editor.prices import MOST_CURRENCIES
from storefront.shop.editor.product_settings import SettingRefused, check_values, find_pool_troubles
from storefront.shop.editor.states import Missing, find_missing, missing_for
from storefront.shop.emails.editable import EDITABLE
from storefront.shop.emails.words import EmailTextRefused, clean_words
from storefront.shop.files import fields
from storefront.shop.files.check_names import check_new_name
from storefront.shop.files.check_shop import check_languages, check_shop_texts, note_main_currency
from storefront.shop.files.folder import Folder
from storefront.shop.files.merged import Merged
from storefront.shop.files.objects import SHOP, Fields, Kind, Objects, Ref, product_ref, refs_of
from storefront.shop.files.page_blockers import check_any_translation, check_published_page
from storefront.shop.media.pictures import MOST_PICTURES
from storefront.shop.media.samples import MOST_SAMPLES

MOST = {Kind.EDITION: MOST_EDITIONS, Kind.PICTURE: MOST_PICTURES, Kind.SAMPLE: MOST_SAMPLES}
PRUNED: dict[Kind, Fields] = {  # what stays, and how; the rest is gone
    Kind.PRODUCT: {"state": ProductState.RETIRED},
    Kind.EDITION: {"is_active": False},
    Kind.RELEASE: {"state": ReleaseState.WITHDRAWN},
    Kind.PAGE: {"is_published": False},
}
NEW_PRODUCT: Fields = {
    "state": "draft",
    "tagline": "",
    "description": "",
    "grants_license": False,
    "grants_download": True,
    "key_source": KeySource.GENERATED.value,
    "pool_low_at": 20,
    "pool_very_low_at": 5,
}

WORDS_OF_MISSING = {
    Missing.TAGLINE: "to be sold it needs a tagline: it is what a card in the shop says.",
    Missing.DESCRIPTION: "to be sold it needs a description: write it below the second line of ---.",
    Missing.GOODS: "say what buyers get: grants_license, grants_download, or what an edition includes.",
    Missing.PRICE: "to be sold it needs an edition with a price.",
    Missing.FILE: "to be sold it needs a file in releases, or grants_download: false.",
}


def check_folder(folder: Folder, shop: Objects, removed: Iterable[Ref]) -> None:
    """Add a mistake for everything that the shop would refuse. `removed` is what --prune takes away."""
    merged = _merge(folder, shop, removed)
    for ref in folder.objects:
        if ref.kind in CHECKS:
            CHECKS[ref.kind](folder, ref, shop, merged)
    check_shop_texts(folder, shop)
    check_languages(folder, shop, merged)
    note_main_currency(folder, merged)
    _check_orders(folder, merged)


def _merge(folder: Folder, shop: Objects, removed: Iterable[Ref]) -> Merged:
    """Return the shop as it would be after the folder was applied."""
    merged: Objects = {ref: dict(values) for ref, values in shop.items()}
    _take_away(merged, removed)
    for ref, values in folder.objects.items():
        start = NEW_PRODUCT if ref.kind is Kind.PRODUCT else {"is_active": True, "state": "published"}
        merged[ref] = {**start, **merged.get(ref, {}), **values}
    return Merged(merged, shop)


def _check_orders(folder: Folder, merged: Objects) -> None:
    values = folder.objects.get(SHOP, {})
    for slug in values.get("page_order", ()):
        if Ref(Kind.PAGE, name=slug) not in merged:
            folder.wrong(SHOP, "page_order", f"there is no page {slug}, neither in the folder nor in the shop.")
    for slug in values.get("order", ()):
        if product_ref(slug) not in merged:
            folder.wrong(SHOP, "order", f"there is no product {slug}, neither in the folder nor in the shop.")


def _take_away(merged: Objects, removed: Iterable[Ref]) -> None:
    for ref in removed:
        if ref.kind in PRUNED:
            merged[ref] |= PRUNED[ref.kind]
        else:
            del merged[ref]


def _check_first_slug(folder: Folder, ref: Ref, current: Fields, values: Fields) -> None:
    if current and values["first_slug"] != current["first_slug"]:
        words = f"sold programs know this product as {current['first_slug']}, and that stays."
        folder.wrong(ref, "first_slug", words)


def _check_product(folder: Folder, ref: Ref, shop: Objects, merged: Merged) -> None:
    current, values = shop.get(ref, {}), merged[ref]
    if _has_no(folder, ref, "name", values):
        folder.wrong(ref, "", "a new product needs a name: write name: and what it is called.")
    _check_settings(folder, ref, current)
    if not current and _is_over(values.get("license_until")):
        folder.notes.append(f"{ref.path}/license_until: that day is over, so keys that it sells will not work.")
    _check_slugs(folder, ref, merged)
    _check_first_slug(folder, ref, current, values)
    for name, sentence in find_pool_troubles(values).items():
        folder.wrong(ref, name, sentence)
    _check_offers(folder, ref, merged, shop)
    _check_room(folder, ref, merged)
    if _becomes_visible(values["state"], current):
        _check_for_sale(folder, ref, merged)
    elif values["state"] in FOR_SALE and _hands_out_nothing(ref, merged):
        _check_goods(folder, ref, shop, merged)


def _has_no(folder: Folder, ref: Ref, name: str, values: Fields) -> bool:
    """Return whether a name is missing; one that is written and wrong was refused at its own line."""
    return not values.get(name) and (ref, name) not in folder.places


def _is_over(until: datetime | None) -> bool:
    return until is not None and until <= clock.now()


def _becomes_visible(state: str, current: Fields) -> bool:
    was_for_sale = current.get("state") in FOR_SALE
    return state == ProductState.ANNOUNCED or (state in FOR_SALE and not was_for_sale)


def _check_offers(folder: Folder, ref: Ref, merged: Merged, shop: Objects) -> None:
    # What the shop has already may name a draft that was deleted since: it is exported as it is.
    known = shop.get(ref, {}).get("offered_beside", ())
    for slug in folder.objects[ref].get("offered_beside", ()):
        trouble = None if slug in known else _find_offer_trouble(slug, ref, merged)
        if trouble is not None:
            folder.wrong(ref, "offered_beside", trouble)


def _find_offer_trouble(slug: str, ref: Ref, merged: Merged) -> str | None:
    if not merged.is_address(slug):
        return f"there is no product {slug}, neither in the folder nor in the shop."
    if merged.find_owner(slug, beside=ref.product) is None:
        return f"{slug} is this product: name others to offer beside it."
    return None


def _check_upgrades(folder: Folder, ref: Ref, shop: Objects) -> None:
    """Refuse an upgrade from the edition itself. One that is neither here nor there may be to come."""
    text = folder.objects[ref].get("upgrades_from", "")
    if text == shop.get(ref, {}).get("upgrades_from", ""):
        return
    if any(path.from_key == ref.name for path in read_paths(text)):
        folder.wrong(ref, "upgrades_from", f"{ref.name} is this edition: name others that people upgrade from.")


def _check_room(folder: Folder, ref: Ref, merged: Merged) -> None:
    for kind, most in MOST.items():
        count = len(merged.of(kind, ref.product))
        if count > most:
            words = f"there is room for {most}: these are {count} with those of the shop."
            folder.wrong(ref, f"{kind.value}s", words)


def _check_slugs(folder: Folder, ref: Ref, merged: Merged) -> None:
    """Refuse an address that another product has, had, or is known by to sold programs."""
    for name, slug in _written_slugs(folder.objects[ref]):
        owner = merged.find_owner(slug, beside=ref.product)
        if owner is not None:
            folder.wrong(ref, name, f"{slug} is, or was, the address of {owner}: take another one.")


def _written_slugs(values: Fields) -> Iterator[tuple[str, str]]:
    """Yield each address with the field that has it; the folder's own name is in none."""
    yield "", values["slug"]
    for alias in values.get("aliases", ()):
        yield "aliases", alias
    if "first_slug" in values:
        yield "first_slug", values["first_slug"]


def _check_settings(folder: Folder, ref: Ref, current: Fields) -> None:
    """Refuse a limit that cannot be, at its own line; what the shop has already is let be.

    A last day that is over comes with a new product as it was exported, and the plan says what that means.
    """
    values = folder.objects[ref]
    for name in fields.SETTINGS & values.keys():
        if name in current and current[name] == values[name]:
            continue
        try:
            check_values({name: values[name]}, allows_past=not current)
        except SettingRefused as refused:
            folder.wrong(ref, name, str(refused))


def _check_for_sale(folder: Folder, ref: Ref, merged: Merged) -> None:
    values = merged[ref]
    missing = find_missing(
        tagline=values["tagline"],
        description=values["description"],
        grants_license=values["grants_license"],
        grants_download=values["grants_download"],
        has_price=_has_price(ref, merged),
        has_file=_has_file(ref, merged),
        is_bundle=_is_bundle(ref.product, merged),
    )
    for thing in missing_for(ProductState(values["state"]), missing):
        folder.wrong(ref, "state", WORDS_OF_MISSING[thing])


def _hands_out_nothing(ref: Ref, merged: Merged) -> bool:
    """Return whether an edition that is sold brings nothing, as `sells_nothing` asks the database."""
    values = merged[ref]
    if values["grants_license"] or (values["grants_download"] and _has_file(ref, merged)):
        return False
    return _sells_no_parts(ref, merged)


def _sells_no_parts(ref: Ref, merged: Merged) -> bool:
    sold = {price.edition for price in merged.of(Kind.PRICE, ref.product)}
    return any(merged[edition]["is_active"] and not merged[edition].get(INCLUDES) for edition in sold)


def _check_goods(folder: Folder, ref: Ref, shop: Objects, merged: Merged) -> None:
    """Refuse settings that leave a product for sale with nothing; a release may be withdrawn in an emergency."""
    taken = next(_find_taken(ref, shop, merged), None)
    if taken is not None:
        folder.wrong(*taken, NOTHING)
    else:
        words = "is for sale and hands out nothing: say state: retired, or bring a release."
        folder.notes.append(f"{ref.path} {words}")


def _find_taken(ref: Ref, shop: Objects, merged: Merged) -> Iterator[tuple[Ref, str]]:
    """Yield what buyers got by a product, and get no more."""
    yield from ((ref, name) for name in GOODS if shop[ref][name] and not merged[ref][name])
    bundles = (edition for edition in merged.of(Kind.EDITION, ref.product) if shop.get(edition, {}).get(INCLUDES))
    yield from ((edition, INCLUDES) for edition in bundles if not merged[edition][INCLUDES])


def _is_bundle(slug: str, merged: Merged) -> bool:
    return any(merged[edition].get(INCLUDES) for edition in merged.of(Kind.EDITION, slug))


def _check_parts(folder: Folder, ref: Ref, merged: Merged) -> None:
    parts = folder.objects[ref].get(INCLUDES, ())
    if not parts:
        return
    times = Counter(part.partition("/")[0] for part in parts)
    for part in parts:
        trouble = _find_part_trouble(part, ref, times, merged)
        if trouble:
            folder.wrong(ref, INCLUDES, trouble)
    bundle = merged.find_bundle_with(ref.product)
    if bundle is not None:
        folder.wrong(ref, INCLUDES, f"{bundle} includes {ref.product}, so it cannot be a bundle, too.")
    if len(parts) > MOST_PARTS:
        folder.wrong(ref, INCLUDES, f"a bundle includes at most {MOST_PARTS} products.")


def _find_part_trouble(part: str, bundle: Ref, times: Mapping[str, int], merged: Merged) -> str | None:
    """Return what is wrong with one part. `times` is how often the bundle names each product."""
    slug = part.partition("/")[0]
    if Ref(Kind.EDITION, *part.split("/", 1)) not in merged:
        return f"there is no edition {part}, neither in the folder nor in the shop."
    if slug == bundle.product:
        return f"{slug} cannot include itself."
    if times[slug] > 1:
        return f"{slug} is named twice: a bundle includes one edition of each product."
    if _is_bundle(slug, merged):
        return f"{slug} is a bundle itself: name what it includes instead."
    return None


def _has_price(product: Ref, merged: Merged) -> bool:
    return any(merged[ref.edition]["is_active"] for ref in merged.of(Kind.PRICE, product.product))


def _has_file(product: Ref, merged: Merged) -> bool:
    return any(_is_published(merged[ref.release]) for ref in merged.of(Kind.FILE, product.product))


def _is_published(release: Fields) -> bool:
    """Return whether buyers get it now, and not on some day to come."""
    date = release.get("published_at")
    return release["state"] == ReleaseState.PUBLISHED and (date is None or date <= clock.now())


def _check_edition(folder: Folder, ref: Ref, shop: Objects, merged: Merged) -> None:
    if _has_no(folder, ref, "name", merged[ref]):
        folder.wrong(ref, "", f"the new edition {ref.name} needs a name.")
    _check_settings(folder, ref, shop.get(ref, {}))
    _check_parts(folder, ref, merged)
    _check_upgrades(folder, ref, shop)
    namesake = _find_namesake(ref, merged) if (ref, "name") in folder.places else None
    if namesake is not None:
        folder.wrong(ref, "name", _say_taken(folder, namesake, merged[ref]["name"]))
    currencies = len(merged.of(Kind.PRICE, ref.product, ref.name))
    if currencies > MOST_CURRENCIES:
        folder.wrong(ref, "", f"an edition has prices in at most {MOST_CURRENCIES} currencies.")


def _find_namesake(edition: Ref, merged: Merged) -> Ref | None:
    name = merged[edition].get("name", "").casefold()
    siblings = [ref for ref in merged.of(Kind.EDITION, edition.product) if ref != edition]
    return next((ref for ref in siblings if name and merged[ref].get("name", "").casefold() == name), None)


def _say_taken(folder: Folder, namesake: Ref, name: str) -> str:
    """An edition that the folder does not name is switched off at most: what was sold is called so."""
    if (namesake, "name") in folder.places:
        return f"another edition of this product is called {name}: take another name."
    return (
        f"the shop's edition {namesake.name} is called {name}, also when it is switched off: take another name, "
        f"or list `key: {namesake.name}` with another name and `is_active: false`."
    )


def _check_release(folder: Folder, ref: Ref, shop: Objects, merged: Merged) -> None:
    current, values = shop.get(ref, {}), merged[ref]
    check_new_name(folder, ref, shop, name=ref.name, words="this cannot be a version: ")
    if values["state"] == ReleaseState.PUBLISHED and not merged.of(Kind.FILE, ref.product, ref.name):
        folder.wrong(ref, "", f"version {ref.name} has no files: put them beside its notes, or say state: draft.")
    if current.get("published_at") is None:
        _check_first_date(folder, ref, values["state"], is_new=not current)
    else:
        _check_published(folder, ref, current, values)


def _check_published(folder: Folder, ref: Ref, current: Fields, values: Fields) -> None:
    """Check a release that buyers have seen."""
    if values["state"] == ReleaseState.DRAFT:
        folder.wrong(ref, "state", "this version was published, so it is no draft: take withdrawn.")
    if values["published_at"] not in (None, current["published_at"]):
        words = "the date of a version that was published stays: it decides who gets it."
        folder.wrong(ref, "published_at", words)


def _check_first_date(folder: Folder, ref: Ref, state: str, *, is_new: bool) -> None:
    is_dated = folder.objects[ref].get("published_at") is not None
    undated = (ReleaseState.DRAFT,) if is_new else (ReleaseState.DRAFT, ReleaseState.WITHDRAWN)
    if is_dated and state in undated:
        words = "only what is published has a date: say state: published, or take it out."
        folder.wrong(ref, "published_at", words)


def _check_page(folder: Folder, ref: Ref, shop: Objects, merged: Objects) -> None:
    values = merged[ref]
    if _has_no(folder, ref, "title", values):
        folder.wrong(ref, "", "a new page needs a title.")
    if values.get("is_published"):
        check_published_page(folder, ref, shop, merged)
    kind = values.get("legal_kind")
    other = _find_other_page(ref, kind, merged) if kind is not None else None
    if other is not None:
        folder.wrong(ref, "legal_kind", f"{other.path} is the shop's {kind} already: change that one.")


def _find_other_page(ref: Ref, kind: str, merged: Objects) -> Ref | None:
    of_kind = (other for other in refs_of(merged, Kind.PAGE) if merged[other].get("legal_kind") == kind)
    return next((other for other in of_kind if other != ref), None)


def _check_email(folder: Folder, ref: Ref, _shop: Objects, _merged: Objects) -> None:
    values = folder.objects[ref]
    names = {known.column: known.name for known in (*fields.EMAIL, fields.EMAIL_BODY)}
    columns = {column: values[name] for column, name in names.items() if name in values}
    try:
        clean_words(columns, EDITABLE[MailKind(ref.name.partition(".")[0])].variables)
    except EmailTextRefused as refused:
        for column, problem in refused.problems.items():
            folder.wrong(ref, names[column], problem)


def _check_file(folder: Folder, ref: Ref, shop: Objects, _merged: Objects) -> None:
    check_new_name(folder, ref, shop, name=ref.part)
    current = shop.get(ref)
    if current is not None and current["sha256"] != folder.objects[ref].get("sha256"):
        words = f"version {ref.name} has another file {ref.part}: give the new one a new version."
        folder.wrong(ref, "", words)


CHECKS: Mapping[Kind, Callable[[Folder, Ref, Objects, Merged], None]] = {
    Kind.PRODUCT: _check_product,
    Kind.EDITION: _check_edition,
    Kind.RELEASE: _check_release,
    Kind.FILE: _check_file,
    Kind.PAGE: _check_page,
    Kind.TRANSLATION: check_any_translation,
    Kind.EMAIL: _check_email,
}
