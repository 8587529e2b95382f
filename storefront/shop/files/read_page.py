"""Reads a page of the shop (imprint, terms and the like), and what an email says."""

from storefront.core.languages import Language
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.texts import check_slug
from storefront.shop.emails.editable import EDITABLE
from storefront.shop.files import fields
from storefront.shop.files.disk import Entry, read_text
from storefront.shop.files.folder import Folder, Place
from storefront.shop.files.nodes import Scalar
from storefront.shop.files.objects import Kind, Ref
from storefront.shop.files.translations import read_page_translation
from storefront.shop.files.values import Field
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
    else:
        _read(folder, entry, Ref(Kind.PAGE, name=slug), fields.PAGE, fields.BODY)


def read_email(folder: Folder, entry: Entry) -> None:
    """Read the owner's words of one email in one language."""
    name = _email_of(entry)
    if name is None:
        kinds = ", ".join(EDITABLE)
        words = f"an email is a file called by its kind and language, like receipt.de.md. Kinds: {kinds}."
        folder.mistakes.add(entry.place, 0, words)
    else:
        _read(folder, entry, Ref(Kind.EMAIL, name=name), fields.EMAIL, fields.EMAIL_BODY)


def _email_of(entry: Entry) -> str | None:
    kind, _, code = entry.name.lower().removesuffix(ENDING).partition(".")
    is_one = entry.name.lower().endswith(ENDING) and kind in EDITABLE and code in tuple(Language)
    return f"{kind}.{code}" if is_one and not entry.is_folder else None


def _read(folder: Folder, entry: Entry, ref: Ref, known: tuple[Field, ...], body_field: Field) -> None:
    text = read_text(entry, folder.mistakes, most_bytes=MOST_BYTES)
    if text is None:
        return
    folder.texts[entry.place] = text
    front, body = split_front_matter(text)
    if front is None:
        folder.mistakes.add(entry.place, 1, "begin with a line of ---, then fields, then another line of ---.")
        return
    source = read_yaml(front, entry.place, folder.mistakes, first_line=2)
    if source is None or not folder.add(ref, Place(entry.place, 1)):
        return
    folder.read_fields(ref, known, source, entry.place, ())
    if body.strip():
        place = Place(entry.place, front.count("\n") + 4)
        folder.read_field(ref, body_field, Scalar(text=body, line=place.line), place)
