"""Brings a folder, the shop and the record of the last export together, and makes a plan of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from storefront.shop.catalog.file_names import same_name
from storefront.shop.editor.parts import INCLUDES
from storefront.shop.files.check import check_folder
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import SHOP, Kind, Objects, Ref, refs_of
from storefront.shop.files.plan import Act, Decisions, Plan, find_absent, find_replaced, make_plan
from storefront.shop.files.read_folder import PRODUCTS
from storefront.shop.files.record import (
    RECORD_FILE,
    Record,
    RecordRefused,
    is_of_this_shop,
    move,
    read_record,
    shop_slugs,
)
from storefront.shop.files.release_order import explain_order
from storefront.shop.files.shop_state import read_shop

IN_FOLDERS = (Kind.RELEASE, Kind.FILE)  # what is called by the name of a folder or file


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`folder` calls products by the shop's slugs. `notes` are for who reads the plan."""

    folder: Folder
    shop: Objects
    record: Record
    plan: Plan
    notes: tuple[str, ...] = ()


def compare(session: Session, folder: Folder, *, prune: bool, decisions: Decisions) -> Comparison:
    """Return what a folder would change, as the shop is now.

    Raises:
        FolderRefused: something in the folder cannot be.
    """
    return compare_with(read_shop(session), folder, prune=prune, decisions=decisions)


def compare_with(shop: Objects, folder: Folder, *, prune: bool, decisions: Decisions) -> Comparison:
    """Do as `compare` does, with a shop that was read."""
    slugs = _find_slugs(folder, shop)
    named = _rename(folder, slugs, shop)
    record = _read_record(named, shop)
    removed = list(find_absent(named, named.objects, shop)) if prune else []
    removed += [ref for ref in find_replaced(named, shop, record) if ref not in removed]
    check_folder(named, shop, removed)
    _check_prune(named, shop, removed)
    named.mistakes.raise_if_any()
    plan = make_plan(named, named.objects, shop, record, removed=removed, decisions=decisions)
    return Comparison(
        folder=named,
        shop=shop,
        record=record,
        plan=plan,
        notes=(*_explain(plan, record, named), *explain_order(plan, shop)),
    )


def _read_record(folder: Folder, shop: Objects) -> Record:
    """Return the record by the shop's slugs; an empty one where the folder has none of this shop."""
    try:
        record = read_record(folder.root)
    except RecordRefused as refused:
        folder.mistakes.add(RECORD_FILE, 0, str(refused))
        return Record()
    if record is None or not is_of_this_shop(record, shop):
        return Record()
    return move(record, shop_slugs(shop))


def _check_prune(folder: Folder, shop: Objects, removed: list[Ref]) -> None:
    """Refuse to retire everything: that is a wrong folder, or one whose products went somewhere else."""
    products = {ref for ref in shop if ref.kind is Kind.PRODUCT}
    if products & set(removed) and not products & folder.objects.keys():
        words = f"none of the shop's {len(products)} products is in it, and --prune would retire them all."
        advice = "Is it the right folder? `storefront products retire` retires one at a time."
        folder.mistakes.add(PRODUCTS, 0, f"{words} {advice}")


def _explain(plan: Plan, record: Record, folder: Folder) -> Iterator[str]:
    """Yield what a plan does not say by itself: what nobody was asked about, and what may be only another name."""
    if not record.digests and any(step.act is not Act.MAKE for step in plan.steps):
        yield (
            "No export of this shop is noted in this folder: its words count, also over what was changed "
            "at /admin."
        )
    if any(step.act is Act.MAKE for step in plan.of_kind(Kind.PRODUCT)):
        yield from map(_may_be_renamed, _find_gone(folder, record))


def _find_gone(folder: Folder, record: Record) -> Iterator[Ref]:
    return (ref for ref in refs_of(record.digests, Kind.PRODUCT) if ref not in folder.objects)


def _may_be_renamed(ref: Ref) -> str:
    return (
        f"{PRODUCTS}/{ref.product} is gone from this folder. Was it renamed? Write "
        f"aliases: [{ref.product}] into the new product.md, so that it stays the same product."
    )


def _find_slugs(folder: Folder, shop: Objects) -> dict[str, str]:
    """Return what the shop calls the products of the folder: one of either side may have been renamed."""
    former = shop_slugs(shop)
    known = {ref.product: ref.product for ref in refs_of(shop, Kind.PRODUCT)} | former
    slugs: dict[str, str] = {}
    taken: set[str] = set()
    for ref in refs_of(folder.objects, Kind.PRODUCT):
        names = [ref.product, *folder.objects[ref].get("aliases", ())]
        slug = next((known[name] for name in names if name in known), ref.product)
        if slug in taken:
            folder.wrong(ref, "", f"this is {slug} in the shop, and so is another folder: keep one.")
        taken.add(slug)
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
    _rename_mentions(renamed.objects, slugs)
    return renamed


def _rename_mentions(objects: Objects, slugs: dict[str, str]) -> None:
    """Call products as the shop does where a bundle or the shop's order names them."""
    for values in objects.values():
        if INCLUDES in values:
            values[INCLUDES] = [_rename_part(part, slugs) for part in values[INCLUDES]]
    if "order" in objects.get(SHOP, {}):
        objects[SHOP]["order"] = [slugs.get(slug, slug) for slug in objects[SHOP]["order"]]


def _rename_part(part: str, slugs: dict[str, str]) -> str:
    slug, _, key = part.partition("/")
    return f"{slugs.get(slug, slug)}/{key}"


def _alike(ref: Ref) -> Ref:
    """Return what is the same for names that Windows or a Mac takes for one. Only releases and files have such."""
    if ref.kind not in IN_FOLDERS:
        return ref
    if ref.kind is Kind.FILE:
        return ref._replace(name=same_name(ref.name), part=same_name(ref.part))
    return ref._replace(name=same_name(ref.name))
