"""Reads the folder of a product: its page, editions, prices, pictures and samples."""

import re
from pathlib import PurePath

from storefront.core.errors import StorefrontError
from storefront.shop.editor.editions import LONGEST_KEY
from storefront.shop.editor.prices import check_currency, read_amount
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.files import fields
from storefront.shop.files.disk import Entry, find_entry, list_folder, open_file, read_text
from storefront.shop.files.folder import Folder, Place, hash_file
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.nodes import Node, Scalar, Table, text_of
from storefront.shop.files.objects import Kind, Ref, product_ref
from storefront.shop.files.read_release import read_release
from storefront.shop.files.translations import read_translations
from storefront.shop.files.values import Field, scalar, table
from storefront.shop.files.yaml_text import read_yaml, split_front_matter
from storefront.shop.media.read_picture import read_picture
from storefront.shop.media.recode import check_picture
from storefront.shop.media.sample_kinds import find_type

PRODUCT_FILE = "product.md"
RELEASES = "releases"
MOST_BYTES = 200_000
KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def read_product(folder: Folder, home: Entry, slug: str) -> None:
    entries = list_folder(home.path, home.place, folder.mistakes)
    page = find_entry(entries, PRODUCT_FILE)
    if page is None:
        folder.mistakes.add(home.place, 0, f"there is no {PRODUCT_FILE} in this folder.")
        return
    source = _read_page(folder, page, slug)
    if source is None:
        return
    _read_editions(folder, page.place, slug, source)
    used = {page.name}
    names: dict[str, str] = {}
    for name, kind, known in (("pictures", Kind.PICTURE, fields.PICTURE), ("samples", Kind.SAMPLE, fields.SAMPLE)):
        found = _read_media(folder, page.place, slug, source, entries, name=name, kind=kind, known=known)
        used |= found.keys()
        names |= found
    used |= read_translations(folder, entries, slug, names)
    _read_releases(folder, entries, slug)
    folder.notes.extend(
        f"{entry.place} is not named in {PRODUCT_FILE}, so nothing is done with it."
        for entry in entries
        if entry.name not in used and entry.name.lower() != RELEASES
    )


def _read_page(folder: Folder, page: Entry, slug: str) -> Table | None:
    text = read_text(page, folder.mistakes, most_bytes=MOST_BYTES)
    if text is None:
        return None
    folder.texts[page.place] = text
    front, body = split_front_matter(text)
    if front is None:
        folder.mistakes.add(page.place, 1, "begin with a line of ---, then fields, then another line of ---.")
        return None
    source = read_yaml(front, page.place, folder.mistakes, first_line=2)
    if source is None:
        return None
    ref = product_ref(slug)
    folder.add(ref, Place(page.place, 1))
    folder.objects[ref]["slug"] = slug
    folder.read_fields(ref, fields.PRODUCT, source, page.place, fields.LISTS)
    if body.strip():
        place = Place(page.place, front.count("\n") + 4)
        folder.read_field(ref, fields.DESCRIPTION, Scalar(text=body, line=place.line), place)
    return source


def _read_editions(folder: Folder, file: str, slug: str, source: Table) -> None:
    if folder.has_list("editions", source):
        folder.lists.add((slug, "editions"))
    keys = folder.orders.setdefault((slug, "editions"), [])
    for entry in folder.read_list("editions", source, file):
        key = _read_key(folder, file, entry)
        ref = Ref(Kind.EDITION, slug, key)
        if not key or not folder.add(ref, Place(file, entry.line)):
            continue
        keys.append(key)
        folder.read_fields(ref, fields.EDITION, entry, file, ("key", "prices"))
        _read_prices(folder, file, ref, entry)


def _read_key(folder: Folder, file: str, entry: Table) -> str:
    """Return the key of an edition; nothing where it has none, which is noted."""
    key = text_of(entry.nodes.get("key"))
    if KEY.fullmatch(key) and len(key) <= LONGEST_KEY:
        return key
    words = f"an edition has a key of up to {LONGEST_KEY} small letters, digits and hyphens, like personal."
    folder.mistakes.add(file, entry.lines.get("key", entry.line), f"key: {words}")
    return ""


def _read_prices(folder: Folder, file: str, edition: Ref, source: Table) -> None:
    node = source.nodes.get("prices")
    if node is None:
        return
    try:
        prices = table(node)
    except Wrong as wrong:
        folder.mistakes.add(file, wrong.line or source.lines["prices"], "prices: write them like usd: 19.00.")
        return
    folder.lists.add((edition.product, f"prices of {edition.name}"))
    for currency, amount in prices.nodes.items():
        _read_price(folder, Place(file, prices.lines[currency]), edition, currency, amount)


def _read_price(folder: Folder, place: Place, edition: Ref, currency: str, amount: Node) -> None:
    try:
        code = check_currency(currency)
        asked = read_amount(scalar(amount), code)
    except (ProductRefused, Wrong) as error:
        folder.mistakes.add(place.file, place.line, f"prices: {error}")
        return
    ref = Ref(Kind.PRICE, edition.product, edition.name, code)
    if folder.add(ref, place):
        folder.objects[ref]["amount"] = asked
        folder.places[ref, "amount"] = place


def _read_media(
    folder: Folder,
    file: str,
    slug: str,
    source: Table,
    entries: list[Entry],
    *,
    name: str,
    kind: Kind,
    known: tuple[Field, ...],
) -> dict[str, str]:
    """Read a list of pictures or samples. Returns the names of the files that are in it, each with its hash."""
    if folder.has_list(name, source):
        folder.lists.add((slug, name))
    hashes = folder.orders.setdefault((slug, name), [])
    used: dict[str, str] = {}
    for listed in folder.read_list(name, source, file):
        line = listed.lines.get("file", listed.line)
        try:
            entry = find_file(listed.nodes.get("file"), entries)
            ref = Ref(kind, slug, hash_file(entry))
            used[entry.name] = ref.name
            _check_media(kind, entry)
        except (Wrong, StorefrontError) as error:
            folder.mistakes.add(file, line, f"file: {error}")
            continue
        if not folder.add(ref, Place(file, line)):
            continue
        hashes.append(ref.name)
        folder.sources[ref] = entry.path
        folder.read_fields(ref, known, listed, file, ("file",))
        folder.objects[ref].setdefault("filename", entry.name)
        if kind is Kind.SAMPLE and not _has_title(folder, ref, listed):
            folder.mistakes.add(file, line, "this sample has no title: write one.")
    return used


def _has_title(folder: Folder, ref: Ref, listed: Table) -> bool:
    """Return True for one that was refused, too: its mistake is noted."""
    return "title" in folder.objects[ref] or "title" in listed.nodes


def find_file(node: Node | None, entries: list[Entry]) -> Entry:
    """Return the file of the same folder that a value names. Raises Wrong."""
    name = scalar(node).strip() if node is not None else ""
    if not name or name != PurePath(name.replace("\\", "/")).name:
        raise Wrong("write the name of a file that is in the same folder.")
    entry = find_entry(entries, name)
    if entry is None:
        raise Wrong(f"there is no {name} in this folder: there are {_names_of_files(entries)}.")
    return entry


def _names_of_files(entries: list[Entry]) -> str:
    return ", ".join(entry.name for entry in entries if not entry.is_folder)


def _check_media(kind: Kind, entry: Entry) -> None:
    """Refuse at once what would be refused later, before anything is decoded or stored."""
    with open_file(entry.path) as content:
        if kind is Kind.PICTURE:
            check_picture(read_picture(content))
        else:
            find_type(content, entry.name, content.seek(0, 2))


def _read_releases(folder: Folder, entries: list[Entry], slug: str) -> None:
    home = find_entry(entries, RELEASES, is_folder=True)
    if home is None:
        return
    folder.lists.add((slug, RELEASES))
    for entry in list_folder(home.path, home.place, folder.mistakes):
        if entry.is_folder:
            read_release(folder, entry, slug)
        else:
            folder.mistakes.add(
                entry.place, 0, "a release is a folder, called by its version: put the file into one."
            )
