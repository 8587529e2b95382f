"""Reads a page of the shop: imprint, terms and the like."""

from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.texts import check_slug
from storefront.shop.files import fields
from storefront.shop.files.disk import Entry, read_text
from storefront.shop.files.folder import Folder, Place
from storefront.shop.files.nodes import Scalar
from storefront.shop.files.objects import Kind, Ref
from storefront.shop.files.translations import read_page_translation
from storefront.shop.files.yaml_text import read_yaml, split_front_matter

ENDING = ".md"
MOST_BYTES = 500_000


def _slug_of(entry: Entry) -> str | None:
    slug, dot, ending = entry.name.lower().rpartition(".")
    if entry.is_folder or dot + ending != ENDING:
        return None
    try:
        check_slug(slug)
    except ProductRefused:
        return None
    return slug or None


def read_page(folder: Folder, entry: Entry) -> None:
    if read_page_translation(folder, entry):
        return
    slug = _slug_of(entry)
    if slug is None:
        folder.mistakes.add(entry.place, 0, "a page is a file called by its slug, like terms.md.")
        return
    text = read_text(entry, folder.mistakes, most_bytes=MOST_BYTES)
    if text is None:
        return
    folder.texts[entry.place] = text
    front, body = split_front_matter(text)
    if front is None:
        folder.mistakes.add(entry.place, 1, "begin with a line of ---, then fields, then another line of ---.")
        return
    source = read_yaml(front, entry.place, folder.mistakes, first_line=2)
    ref = Ref(Kind.PAGE, name=slug)
    if source is None or not folder.add(ref, Place(entry.place, 1)):
        return
    folder.read_fields(ref, fields.PAGE, source, entry.place, ())
    if body.strip():
        place = Place(entry.place, front.count("\n") + 4)
        folder.read_field(ref, fields.BODY, Scalar(text=body, line=place.line), place)
