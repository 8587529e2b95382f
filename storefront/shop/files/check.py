"""What no single field can tell: whether the shop and the folder together are something that can be sold."""

from collections import Counter
from collections.abc import Iterable

from storefront.core import clock
from storefront.shop.catalog.models import FOR_SALE, KeySource, ProductState
from storefront.shop.catalog.parts import MOST_PARTS
from storefront.shop.catalog.releases import ReleaseState
from storefront.shop.editor.editions import MOST_EDITIONS
from storefront.shop.editor.parts import INCLUDES
from storefront.shop.editor.prices import MOST_CURRENCIES
from storefront.shop.editor.product_settings import SettingRefused, check_values, find_pool_troubles
from storefront.shop.editor.states import Missing, find_missing, missing_for
from storefront.shop.files import fields
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import SHOP, Fields, Kind, Objects, Ref, product_ref
from storefront.shop.media.pictures import MOST_PICTURES
from storefront.shop.media.samples import MOST_SAMPLES
from storefront.shop.pages.edit import find_blockers
from storefront.shop.profile.form_fields import read_fields as read_form_fields

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
    merged: Objects = {ref: dict(values) for ref, values in shop.items()}
    _take_away(merged, removed)
    for ref, values in folder.objects.items():
        start = NEW_PRODUCT if ref.kind is Kind.PRODUCT else {"is_active": True, "state": "published"}
        merged[ref] = {**start, **merged.get(ref, {}), **values}
    for ref in folder.objects:
        if ref.kind in CHECKS:
            CHECKS[ref.kind](folder, ref, shop, merged)
    shop_fields = folder.objects.get(SHOP, {})
    try:
        read_form_fields(shop_fields.get("form_fields", ""))
    except ValueError as error:
        folder.wrong(SHOP, "form_fields", str(error))
    for slug in shop_fields.get("page_order", ()):
        if Ref(Kind.PAGE, name=slug) not in merged:
            folder.wrong(SHOP, "page_order", f"there is no page {slug}, neither in the folder nor in the shop.")
    for slug in shop_fields.get("order", ()):
        if product_ref(slug) not in merged:
            folder.wrong(SHOP, "order", f"there is no product {slug}, neither in the folder nor in the shop.")


def _take_away(merged: Objects, removed: Iterable[Ref]) -> None:
    for ref in removed:
        if ref.kind in PRUNED:
            merged[ref] |= PRUNED[ref.kind]
        else:
            del merged[ref]


def _check_product(folder: Folder, ref: Ref, shop: Objects, merged: Objects) -> None:
    current, values = shop.get(ref, {}), merged[ref]
    if not values.get("name") and (ref, "name") not in folder.places:
        folder.wrong(ref, "", "a new product needs a name: write name: and what it is called.")
    _check_settings(folder, ref, current)
    until = values.get("license_until")
    if not current and until is not None and until <= clock.now():
        folder.notes.append(f"{ref.path}/license_until: that day is over, so keys that it sells will not work.")
    _check_slugs(folder, ref, merged, shop)
    if current and values["first_slug"] != current["first_slug"]:
        words = f"sold programs know this product as {current['first_slug']}, and that stays."
        folder.wrong(ref, "first_slug", words)
    for name, sentence in find_pool_troubles(values).items():
        folder.wrong(ref, name, sentence)
    known = {slug for other in merged if other.kind is Kind.PRODUCT for slug in _slugs_of(other, merged, shop)}
    for slug in folder.objects[ref].get("offered_beside", ()):
        # What the shop has already may name a draft that was deleted since: it is exported as it is.
        if slug not in known and slug not in current.get("offered_beside", ()):
            words = f"there is no product {slug}, neither in the folder nor in the shop."
            folder.wrong(ref, "offered_beside", words)
    _check_room(folder, ref, merged)
    is_new = current.get("state") not in FOR_SALE
    if (values["state"] in FOR_SALE and is_new) or values["state"] == ProductState.ANNOUNCED:
        _check_for_sale(folder, ref, merged)


def _check_room(folder: Folder, ref: Ref, merged: Objects) -> None:
    for kind, most in MOST.items():
        count = sum(other.kind is kind and other.product == ref.product for other in merged)
        if count > most:
            words = f"there is room for {most}: these are {count} with those of the shop."
            folder.wrong(ref, f"{kind.value}s", words)


def _check_slugs(folder: Folder, ref: Ref, merged: Objects, shop: Objects) -> None:
    """Refuse an address that another product has, had, or is known by to sold programs."""
    others = {
        slug: other.product
        for other in merged
        if other.kind is Kind.PRODUCT and other != ref
        for slug in _slugs_of(other, merged, shop)
    }
    values = folder.objects[ref]
    for name, slugs in (
        ("", [values["slug"]]),
        ("aliases", values.get("aliases", [])),
        ("first_slug", [values["first_slug"]] if "first_slug" in values else []),
    ):
        for slug in slugs:
            if slug in others:
                folder.wrong(ref, name, f"{slug} is, or was, the address of {others[slug]}: take another one.")


def _slugs_of(ref: Ref, merged: Objects, shop: Objects) -> set[str]:
    values, current = merged[ref], shop.get(ref, {})
    aliases = [*values.get("aliases", ()), *current.get("aliases", ())]
    return {ref.product, values["slug"], values.get("first_slug", ref.product), *aliases}


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


def _check_for_sale(folder: Folder, ref: Ref, merged: Objects) -> None:
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


def _is_bundle(slug: str, merged: Objects) -> bool:
    editions = (values for other, values in merged.items() if other[:2] == (Kind.EDITION, slug))
    return any(values.get(INCLUDES) for values in editions)


def _check_parts(folder: Folder, ref: Ref, merged: Objects) -> None:
    parts = folder.objects[ref].get(INCLUDES, ())
    slugs = [part.partition("/")[0] for part in parts]
    for part, slug in zip(parts, slugs, strict=True):
        if Ref(Kind.EDITION, *part.split("/", 1)) not in merged:
            folder.wrong(ref, INCLUDES, f"there is no edition {part}, neither in the folder nor in the shop.")
        elif slug == ref.product:
            folder.wrong(ref, INCLUDES, f"{slug} cannot include itself.")
        elif slugs.count(slug) > 1:
            folder.wrong(ref, INCLUDES, f"{slug} is named twice: a bundle includes one edition of each product.")
        elif _is_bundle(slug, merged):
            folder.wrong(ref, INCLUDES, f"{slug} is a bundle itself: name what it includes instead.")
    bundle = _find_bundle_with(ref.product, merged) if parts else None
    if bundle is not None:
        folder.wrong(ref, INCLUDES, f"{bundle} includes {ref.product}, so it cannot be a bundle, too.")
    if len(parts) > MOST_PARTS:
        folder.wrong(ref, INCLUDES, f"a bundle includes at most {MOST_PARTS} products.")


def _find_bundle_with(slug: str, merged: Objects) -> str | None:
    for other, values in merged.items():
        if other.kind is Kind.EDITION and any(part.startswith(f"{slug}/") for part in values.get(INCLUDES, ())):
            return other.product
    return None


def _has_price(product: Ref, merged: Objects) -> bool:
    prices = [ref for ref in merged if ref.kind is Kind.PRICE and ref.product == product.product]
    return any(merged[ref.edition]["is_active"] for ref in prices)


def _has_file(product: Ref, merged: Objects) -> bool:
    files = [ref for ref in merged if ref.kind is Kind.FILE and ref.product == product.product]
    return any(_is_published(merged[ref.release]) for ref in files)


def _is_published(release: Fields) -> bool:
    """Return whether buyers get it now, and not on some day to come."""
    date = release.get("published_at")
    return release["state"] == ReleaseState.PUBLISHED and (date is None or date <= clock.now())


def _check_edition(folder: Folder, ref: Ref, shop: Objects, merged: Objects) -> None:
    name = merged[ref].get("name", "")
    if not name and (ref, "name") not in folder.places:
        folder.wrong(ref, "", f"the new edition {ref.name} needs a name.")
    _check_settings(folder, ref, shop.get(ref, {}))
    _check_parts(folder, ref, merged)
    names = Counter(
        values.get("name", "").casefold()
        for other, values in merged.items()
        if other.kind is Kind.EDITION and other.product == ref.product
    )
    if name and names[name.casefold()] > 1 and (ref, "name") in folder.places:
        folder.wrong(ref, "name", f"another edition of this product is called {name}: take another name.")
    currencies = sum(other[:3] == (Kind.PRICE, ref.product, ref.name) for other in merged)
    if currencies > MOST_CURRENCIES:
        folder.wrong(ref, "", f"an edition has prices in at most {MOST_CURRENCIES} currencies.")


def _check_release(folder: Folder, ref: Ref, shop: Objects, merged: Objects) -> None:
    current, values = shop.get(ref, {}), merged[ref]
    has_files = any(other[:3] == (Kind.FILE, ref.product, ref.name) for other in merged)
    if values["state"] == ReleaseState.PUBLISHED and not has_files:
        folder.wrong(ref, "", f"version {ref.name} has no files: put them beside its notes, or say state: draft.")
    if current.get("published_at") is None:
        is_dated = folder.objects[ref].get("published_at") is not None
        undated = (ReleaseState.DRAFT, ReleaseState.WITHDRAWN) if current else (ReleaseState.DRAFT,)
        if is_dated and values["state"] in undated:
            words = "only what is published has a date: say state: published, or take it out."
            folder.wrong(ref, "published_at", words)
        return
    if values["state"] == ReleaseState.DRAFT:
        folder.wrong(ref, "state", "this version was published, so it is no draft: take withdrawn.")
    if values["published_at"] not in (None, current["published_at"]):
        words = "the date of a version that was published stays: it decides who gets it."
        folder.wrong(ref, "published_at", words)


def _check_page(folder: Folder, ref: Ref, _shop: Objects, merged: Objects) -> None:
    values = merged[ref]
    if not values.get("title") and (ref, "title") not in folder.places:
        folder.wrong(ref, "", "a new page needs a title.")
    if values.get("is_published"):
        for blocker in find_blockers(values.get("text", "")):
            folder.wrong(ref, "is_published", blocker)
    kind = values.get("legal_kind")
    others = [
        other
        for other, others_values in merged.items()
        if other.kind is Kind.PAGE and other != ref and others_values.get("legal_kind") == kind
    ]
    if kind is not None and others:
        folder.wrong(ref, "legal_kind", f"{others[0].path} is the shop's {kind} already: change that one.")


def _check_file(folder: Folder, ref: Ref, shop: Objects, _merged: Objects) -> None:
    current = shop.get(ref)
    if current is not None and current["sha256"] != folder.objects[ref].get("sha256"):
        words = f"version {ref.name} has another file {ref.part}: give the new one a new version."
        folder.wrong(ref, "", words)


CHECKS = {
    Kind.PRODUCT: _check_product,
    Kind.EDITION: _check_edition,
    Kind.RELEASE: _check_release,
    Kind.FILE: _check_file,
    Kind.PAGE: _check_page,
}
