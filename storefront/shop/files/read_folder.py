"""Reads a folder whole: shop.toml and every product in it."""

import shlex
from collections.abc import Callable
from pathlib import Path

from storefront.core.errors import StorefrontError
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.texts import check_slug
from storefront.shop.files import fields
from storefront.shop.files.disk import Entry, find_entry, list_folder, open_file, read_text
from storefront.shop.files.folder import Folder, Place, hash_file
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.nodes import Node
from storefront.shop.files.objects import SHOP, Kind, Ref
from storefront.shop.files.read_page import read_email, read_page
from storefront.shop.files.read_product import PRODUCT_FILE, find_file, read_product
from storefront.shop.files.toml_text import read_toml
from storefront.shop.files.translations import read_shop_translations
from storefront.shop.looks.files import LooksFile
from storefront.shop.media.font_files import read_font
from storefront.shop.media.read_picture import read_picture
from storefront.shop.media.recode import check_picture

SHOP_FILE = "shop.toml"
PRODUCTS = "products"
PAGES = "pages"
EMAILS = "emails"
MOST_BYTES = 200_000


class NoFolder(StorefrontError):
    code = "no_folder"
    title = "There is no such folder"


def read_folder(root: Path) -> Folder:
    """Return what a folder says, with all that is wrong in it among its mistakes.

    Raises:
        NoFolder: it is none, or nothing in it is of a shop.
    """
    if not root.is_dir():
        raise NoFolder(f"{root} is no folder. `storefront shop export {shlex.quote(str(root))}` makes one.")
    folder = Folder(root=root)
    entries = list_folder(root, "", folder.mistakes)
    shop = find_entry(entries, SHOP_FILE)
    products = find_entry(entries, PRODUCTS, is_folder=True)
    pages = find_entry(entries, PAGES, is_folder=True)
    emails = find_entry(entries, EMAILS, is_folder=True)
    if not any((shop, products, pages, emails, folder.mistakes.all)):
        raise NoFolder(f"{root} has neither {SHOP_FILE} nor a folder {PRODUCTS}: is it the right one?")
    if shop is not None:
        _read_shop(folder, shop, entries)
    read_shop_translations(folder, entries)
    _read_list(folder, PAGES, pages, read_page)
    _read_list(folder, EMAILS, emails, read_email)
    _read_list(folder, PRODUCTS, products, _read_product)
    _note_strangers(folder, entries)
    return folder


def _read_list(folder: Folder, name: str, home: Entry | None, read: Callable[[Folder, Entry], None]) -> None:
    if home is None:
        return
    folder.lists.add(("", name))
    for entry in list_folder(home.path, home.place, folder.mistakes):
        read(folder, entry)


def _note_strangers(folder: Folder, entries: list[Entry]) -> None:
    folder.notes.extend(
        f"{entry.place} is no folder of a shop, so nothing is done with it: its products are in {PRODUCTS}."
        for entry in entries
        if entry.is_folder and entry.name.lower() not in (PRODUCTS, PAGES, EMAILS)
    )


def _read_shop(folder: Folder, entry: Entry, entries: list[Entry]) -> None:
    text = read_text(entry, folder.mistakes, most_bytes=MOST_BYTES)
    source = None if text is None else read_toml(text, entry.place, folder.mistakes)
    if text is None or source is None:
        return
    folder.texts[entry.place] = text
    folder.add(SHOP, Place(entry.place, 1))
    folder.read_fields(SHOP, fields.SHOP, source, entry.place, fields.LOOKS)
    for name in fields.LOOKS:
        if name in source.nodes:
            _read_looks(folder, name, source.nodes[name], entries, Place(entry.place, source.lines[name]))


def _read_looks(folder: Folder, name: str, node: Node, entries: list[Entry], place: Place) -> None:
    ref = Ref(Kind.LOOKS, name=name)
    try:
        file = find_file(node, entries)
        sha256 = hash_file(file)
        with open_file(file.path) as content:
            read_font(content) if name == LooksFile.FONT else check_picture(read_picture(content))
    except (StorefrontError, Wrong) as error:
        folder.mistakes.add(place.file, place.line, f"{name}: {error}")
        return
    folder.add(ref, place)
    folder.sources[ref] = file.path
    folder.objects[ref] = {"sha256": sha256, "filename": file.name}


def _read_product(folder: Folder, entry: Entry) -> None:
    if not entry.is_folder:
        folder.mistakes.add(
            entry.place, 0, f"a product is a folder with {PRODUCT_FILE} in it, called by its slug."
        )
        return
    slug = entry.name.lower()
    try:
        check_slug(slug)
    except ProductRefused as refused:
        folder.mistakes.add(entry.place, 0, f"the folder of a product is called by its slug. {refused}")
        return
    if (slug, PRODUCTS) in folder.lists:
        folder.mistakes.add(
            entry.place, 0, f"there is another folder of {slug}: on Windows and on a Mac they are one."
        )
        return
    folder.lists.add((slug, PRODUCTS))
    read_product(folder, entry, slug)
