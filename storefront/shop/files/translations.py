"""Texts in other languages as files: `product.de.md` beside product.md, `pages/terms.de.md`, and `shop.de.toml`.

A thing of these texts is called by what they are of and by its language. Its fields are named as in
`shop/translations/change.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from storefront.core.languages import Language
from storefront.shop.catalog.models import Edition, Product
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.files import fields
from storefront.shop.files.disk import Entry, read_text
from storefront.shop.files.folder import Folder, Place
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.nodes import Node, Scalar, Table, text_of, unknown_name
from storefront.shop.files.objects import AS_WRITTEN, Fields, Kind, Objects, Ref
from storefront.shop.files.toml_text import read_toml
from storefront.shop.files.values import Field, read_pairs
from storefront.shop.files.yaml_text import read_yaml, split_front_matter
from storefront.shop.media.models import ProductPicture, ProductSample
from storefront.shop.pages.models import Page
from storefront.shop.pages.queries import lock_page
from storefront.shop.profile.models import ShopProfile
from storefront.shop.profile.row import lock_profile
from storefront.shop.translations.change import (
    Text,
    clean_pairs,
    list_page_texts,
    list_product_texts,
    list_shop_texts,
    texts_of_product,
    write_page_texts,
    write_texts,
)
from storefront.shop.translations.pairs import QUESTIONS, Pair
from storefront.shop.translations.read import PAGE_TEXTS, PRODUCT_TEXTS, SHOP_TEXTS

MOST_BYTES = 500_000
# The lists of product.md: the name of each, what names an entry, and its texts.
PARTS = {
    "editions": ("key", ("name", "line")),
    "pictures": ("file", ("alt",)),
    "samples": ("file", ("title",)),
}
OF_PARTS = {"editions": fields.EDITION, "pictures": fields.PICTURE, "samples": fields.SAMPLE}


def _named(known: tuple[Field, ...], columns: tuple[str, ...]) -> dict[str, Field]:
    return {field.name: field for field in known if field.column in columns}


def _read_questions(node: Node) -> list[Pair]:
    """Return the translated questions at the places of their originals. Raises Wrong."""
    try:
        return clean_pairs(read_pairs(node))
    except ProductRefused as refused:
        raise Wrong(str(refused)) from refused


PRODUCT = _named(fields.PRODUCT, PRODUCT_TEXTS)
PRODUCT[QUESTIONS] = replace(PRODUCT[QUESTIONS], read=_read_questions)
PAGE = _named(fields.PAGE, PAGE_TEXTS)
SHOP = _named(fields.SHOP, SHOP_TEXTS)
TEXTS_OF_PARTS = {name: _named(OF_PARTS[name], columns) for name, (_id, columns) in PARTS.items()}


def translation_of(language: str, *, product: str = "", page: str = "") -> Ref:
    return Ref(Kind.TRANSLATION, product, language, page)


def language_of_file(name: str, stem: str, ending: str) -> Language | None:
    """Return the language of a file such as `product.de.md`; None for one that is called otherwise."""
    first, _, rest = name.lower().partition(".")
    code = rest.removesuffix(ending)
    is_one = first == stem and rest.endswith(ending) and code in tuple(Language)
    return Language(code) if is_one else None


def read_translations(folder: Folder, entries: list[Entry], slug: str, names: Mapping[str, str]) -> set[str]:
    """Read the files of a product's other languages. `names` are hashes by the file that product.md names.

    Returns the names of the files.
    """
    used: set[str] = set()
    for entry in entries:
        language = None if entry.is_folder else language_of_file(entry.name, "product", ".md")
        if language is None:
            continue
        used.add(entry.name)
        file = _File(folder, entry, translation_of(language, product=slug))
        source = file.read_page(PRODUCT, fields.DESCRIPTION, tuple(PARTS))
        for name in PARTS if source is not None else ():
            file.read_part(name, source or Table(), names)
    return used


def read_page_translation(folder: Folder, entry: Entry) -> bool:
    """Read a page's file in another language. Returns False for a file that is none."""
    slug, _, _rest = entry.name.lower().partition(".")
    language = None if entry.is_folder else language_of_file(entry.name, slug, ".md")
    if language is None:
        return False
    _File(folder, entry, translation_of(language, page=slug)).read_page(PAGE, fields.BODY, ())
    return True


def read_shop_translations(folder: Folder, entries: list[Entry]) -> None:
    for entry in entries:
        language = None if entry.is_folder else language_of_file(entry.name, "shop", ".toml")
        text = None if language is None else read_text(entry, folder.mistakes, most_bytes=MOST_BYTES)
        source = None if text is None else read_toml(text, entry.place, folder.mistakes)
        if language is None or text is None or source is None:
            continue
        ref = translation_of(language)
        folder.texts[entry.place] = text
        if folder.add(ref, Place(entry.place, 1)):
            _File(folder, entry, ref).read_fields(SHOP, source, ())


@dataclass(frozen=True, slots=True)
class _File:
    """A file with the texts of `ref`."""

    folder: Folder
    entry: Entry
    ref: Ref

    def read_page(self, known: Mapping[str, Field], body_field: Field, others: tuple[str, ...]) -> Table | None:
        folder, place = self.folder, self.entry.place
        text = read_text(self.entry, folder.mistakes, most_bytes=MOST_BYTES)
        if text is None:
            return None
        folder.texts[place] = text
        front, body = split_front_matter(text)
        if front is None:
            folder.mistakes.add(place, 1, "begin with a line of ---, then fields, then another line of ---.")
            return None
        source = read_yaml(front, place, folder.mistakes, first_line=2)
        if source is None or not folder.add(self.ref, Place(place, 1)):
            return None
        self.read_fields(known, source, others)
        if body.strip():
            line = front.count("\n") + 4
            self._read(body_field, body_field.column, Scalar(text=body, line=line), line)
        return source

    def read_fields(self, known: Mapping[str, Field], source: Table, others: tuple[str, ...]) -> None:
        for name, node in source.nodes.items():
            if name in known:
                self._read(known[name], known[name].column, node, source.lines[name])
            elif name not in others:
                self._wrong(source.lines[name], unknown_name(name, [*known, *others]))

    def read_part(self, name: str, source: Table, names: Mapping[str, str]) -> None:
        id_name = PARTS[name][0]
        for entry in self.folder.read_list(name, source, self.entry.place):
            word = text_of(entry.nodes.get(id_name))
            thing = names.get(word) if id_name == "file" else word
            if thing:
                self._read_entry(name, thing, entry)
            else:
                words = (
                    f"product.md names no {word} here." if word else "say whose text this is, as product.md does."
                )
                self._wrong(entry.lines.get(id_name, entry.line), f"{id_name}: {words}")

    def _read_entry(self, name: str, thing: str, entry: Table) -> None:
        id_name, known = PARTS[name][0], TEXTS_OF_PARTS[name]
        for field_name, node in entry.nodes.items():
            if field_name in known:
                field = f"{name}/{thing}/{known[field_name].column}"
                self._read(known[field_name], field, node, entry.lines[field_name])
            elif field_name != id_name:
                self._wrong(entry.lines[field_name], unknown_name(field_name, [id_name, *known]))

    def _read(self, known: Field, field: str, node: Node, line: int) -> None:
        """Read one text. None is needed: where it is empty, the shop's own language is shown."""
        self.folder.places[self.ref, field] = Place(self.entry.place, line)
        try:
            is_empty = isinstance(node, Scalar) and not node.text.strip()
            self.folder.objects[self.ref][field] = "" if is_empty else known.read(node)
        except Wrong as wrong:
            self._wrong(wrong.line or line, f"{known.name}: {wrong}")

    def _wrong(self, line: int, words: str) -> None:
        self.folder.mistakes.add(self.entry.place, line, words)


def check_translation(folder: Folder, ref: Ref, _shop: Objects, merged: Objects) -> None:
    """Refuse texts of what there is not, neither in the folder nor in the shop."""
    if ref.part and Ref(Kind.PAGE, name=ref.part) not in merged:
        folder.wrong(ref, "", f"there is no page {ref.part} that this could be of.")
    for name in folder.objects[ref]:
        part, _, rest = name.partition("/")
        thing = rest.partition("/")[0]
        if part == "editions" and Ref(Kind.EDITION, ref.product, thing) not in merged:
            folder.wrong(ref, name, f"there is no edition {thing}, neither in the folder nor in the shop.")


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of a product that have texts, in their order. Pictures come with their SHA-256."""

    editions: list[Edition]
    pictures: list[tuple[ProductPicture, str]]
    samples: list[ProductSample]


def read_kept(
    products: Iterable[Product], held: Mapping[int, Held], pages: Iterable[Page], profile: ShopProfile | None
) -> Iterator[tuple[Ref, Fields]]:
    """Yield texts in other languages, where there are any. `held` is what each product holds, by its id."""
    if profile is not None:
        yield from _in_languages(list_shop_texts(profile))
    for page in pages:
        yield from _in_languages(list_page_texts(page), page=page.slug)
    for product in products:
        rows = held[product.id]
        texts = texts_of_product(product, editions=rows.editions, pictures=rows.pictures, samples=rows.samples)
        yield from _in_languages(texts, product=product.slug)


def _in_languages(texts: Mapping[str, Text], **of: str) -> Iterator[tuple[Ref, Fields]]:
    for language in Language:
        values = {name: text.read(language) for name, text in texts.items()}
        values |= _find_as_written(texts, language)
        if any(values.values()):
            yield translation_of(language, **of), values


def _find_as_written(texts: Mapping[str, Text], language: Language) -> Fields:
    """Return the questions at the places at which they were written, which may be others by now."""
    kept = texts[QUESTIONS].find_kept(language) if QUESTIONS in texts else None
    return {AS_WRITTEN: kept[0]} if kept else {}


def write_translation(session: Session, product: Product | None, ref: Ref, values: Fields) -> None:
    """Do what a plan says, inside the caller's transaction."""
    language = Language(ref.name)
    if product is not None:
        texts, subject = list_product_texts(session, product), ("product", product.slug)
    elif ref.part:
        write_page_texts(session, lock_page(session, ref.part), language, values)
        return
    else:
        texts, subject = list_shop_texts(lock_profile(session)), ("shop", "shop")
    write_texts(session, subject, texts, language, values)


def front_of(values: Fields, known: Mapping[str, Field]) -> dict[str, Any]:
    """Return the fields of a file that are not empty."""
    return {name: field.write(values[field.column]) for name, field in known.items() if values[field.column]}


def parts_of(values: Fields, files: Mapping[str, str]) -> dict[str, Any]:
    """Return the lists of a product's file. `files` are names by hash."""
    front: dict[str, Any] = {}
    for name, (id_name, _columns) in PARTS.items():
        entries: dict[str, dict[str, Any]] = {}
        for field, value in values.items():
            part, _, rest = field.partition("/")
            thing, _, column = rest.rpartition("/")
            if part == name and value:
                word = files[thing] if id_name == "file" else thing
                entries.setdefault(word, {id_name: word})[column] = value
        if entries:
            front[name] = list(entries.values())
    return front


def body_of(values: Fields, field: Field) -> str:
    return str(values[field.column])
