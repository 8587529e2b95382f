"""Brings a folder, the shop and the record of the last export together, and makes a plan of them."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from storefront.shop.catalog.file_names import same_name
from storefront.shop.files.check import check_folder
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import SHOP, Kind, Objects, Ref
from storefront.shop.files.plan import Decisions, Plan, make_plan
from storefront.shop.files.record import Record, is_of_this_shop, move, read_record, shop_slugs
from storefront.shop.files.shop_state import read_shop

IN_FOLDERS = (Kind.RELEASE, Kind.FILE)  # what is called by the name of a folder or file


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`folder` calls products by the shop's slugs."""

    folder: Folder
    shop: Objects
    record: Record
    plan: Plan


def compare(session: Session, folder: Folder, *, prune: bool, decisions: Decisions) -> Comparison:
    """Return what a folder would change, as the shop is now.

    Raises:
        FolderRefused: something in the folder cannot be.
    """
    shop = read_shop(session)
    slugs = _find_slugs(folder, shop)
    named = _rename(folder, slugs, shop)
    record = read_record(folder.root)
    if record is None or not is_of_this_shop(record, shop):
        record = Record()
    record = move(record, shop_slugs(shop))
    check_folder(named, shop)
    named.mistakes.raise_if_any()
    plan = make_plan(named, named.objects, shop, record, prune=prune, decisions=decisions)
    return Comparison(folder=named, shop=shop, record=record, plan=plan)


def _find_slugs(folder: Folder, shop: Objects) -> dict[str, str]:
    """Return what the shop calls the products of the folder: one of either side may have been renamed."""
    former = shop_slugs(shop)
    known = {ref.product: ref.product for ref in shop if ref.kind is Kind.PRODUCT} | former
    slugs: dict[str, str] = {}
    for ref, values in folder.objects.items():
        if ref.kind is not Kind.PRODUCT:
            continue
        names = [ref.product, *values.get("aliases", ())]
        slug = next((known[name] for name in names if name in known), ref.product)
        if slug in slugs.values():
            folder.wrong(ref, "", f"this is {slug} in the shop, and so is another folder: keep one.")
        slugs[ref.product] = slug
    return {name: slug for name, slug in slugs.items() if name != slug}


def _rename(folder: Folder, slugs: dict[str, str], shop: Objects) -> Folder:
    """Call everything as the shop does: also versions and files whose capitals a zip has lost."""
    written = {_alike(ref): ref for ref in shop if ref.kind in IN_FOLDERS}

    def named(ref: Ref) -> Ref:
        called = ref._replace(product=slugs.get(ref.product, ref.product))
        return written.get(_alike(called), called)

    renamed = replace(
        folder,
        objects={named(ref): dict(values) for ref, values in folder.objects.items()},
        places={(named(ref), name): place for (ref, name), place in folder.places.items()},
        sources={named(ref): path for ref, path in folder.sources.items()},
        lists={(slugs.get(slug, slug), name) for slug, name in folder.lists},
        orders={(slugs.get(slug, slug), name): names for (slug, name), names in folder.orders.items()},
    )
    if "order" in renamed.objects.get(SHOP, {}):
        renamed.objects[SHOP]["order"] = [slugs.get(slug, slug) for slug in renamed.objects[SHOP]["order"]]
    return renamed


def _alike(ref: Ref) -> Ref:
    """Return what is the same for names that Windows or a Mac takes for one. Only releases and files have such."""
    if ref.kind not in IN_FOLDERS:
        return ref
    if ref.kind is Kind.FILE:
        return ref._replace(name=same_name(ref.name), part=same_name(ref.part))
    return ref._replace(name=same_name(ref.name))
