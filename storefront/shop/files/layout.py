"""Which files a shop is: their names, and what stands in them. The same shop is always the same bytes."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from storefront.core.languages import Language
from storefront.shop.editor.parts import INCLUDES
from storefront.shop.files import fields, translations
from storefront.shop.files.names import safe_name
from storefront.shop.files.objects import SHOP, Fields, Kind, Objects, Ref, refs_of
from storefront.shop.files.read_folder import EMAILS, PAGES, PRODUCTS, SHOP_FILE
from storefront.shop.files.read_product import PRODUCT_FILE, RELEASES
from storefront.shop.files.read_release import NOTES_FILE
from storefront.shop.files.toml_text import write_toml
from storefront.shop.files.values import Field
from storefront.shop.files.yaml_text import FENCE, Plain, write_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class OutFile:
    """A file to write: a text, or what the storage has at `stored_path`, whose SHA-256 is known."""

    path: str
    text: str = ""
    stored_path: str = ""
    sha256: str = ""


def lay_out(shop: Objects) -> Iterator[OutFile]:
    """Yield every file of a shop, the texts of each folder before the rest of it."""
    yield from _shop_files(shop)
    for ref in refs_of(shop, Kind.PAGE):
        values = shop[ref]
        front = {known.name: _written(known, values[known.name]) for known in fields.PAGE}
        yield OutFile(path=f"{PAGES}/{ref.name}.md", text=_write_page(front, values["text"]))
        for language, texts in _translations(shop, page=ref.name):
            front = _clean(translations.front_of(texts, translations.PAGE))
            body = translations.body_of(texts, fields.BODY)
            yield OutFile(path=f"{PAGES}/{ref.name}.{language}.md", text=_write_page(front, body))
    for ref in refs_of(shop, Kind.EMAIL):
        front = {known.name: _written(known, shop[ref][known.name]) for known in fields.EMAIL}
        yield OutFile(path=f"{EMAILS}/{ref.name}.md", text=_write_page(front, shop[ref]["text"]))
    for ref in refs_of(shop, Kind.PRODUCT):
        yield from _product_files(shop, ref)


def _shop_files(shop: Objects) -> Iterator[OutFile]:
    front: dict[str, Any] = {known.name: _clean(shop[SHOP][known.name]) for known in fields.SHOP}
    taken, stored = [SHOP_FILE, PRODUCTS, PAGES, EMAILS], dict[str, OutFile]()
    for name in fields.LOOKS:
        values = shop.get(Ref(Kind.LOOKS, name=name))
        if values is None:
            continue
        sha256 = values["sha256"]
        if sha256 not in stored:
            filename = safe_name(values["filename"], taken)
            taken.append(filename)
            stored[sha256] = OutFile(path=filename, stored_path=values["path"], sha256=sha256)
        front[name] = stored[sha256].path
    yield OutFile(path=SHOP_FILE, text=write_toml(front))
    for language, texts in _translations(shop):
        front = _clean(translations.front_of(texts, translations.SHOP))
        yield OutFile(path=f"shop.{language}.toml", text=write_toml(front))
    yield from stored.values()


def _product_files(shop: Objects, ref: Ref) -> Iterator[OutFile]:
    slug, values = ref.product, shop[ref]
    home = f"{PRODUCTS}/{slug}"
    taken = [PRODUCT_FILE, RELEASES, *(f"product.{language}.md" for language in Language)]
    files: dict[str, str] = {}
    front: dict[str, Any] = {
        known.name: _written(known, values[known.name])
        for known in fields.PRODUCT
        if not _goes_without_saying(known.name, slug, values)
    }
    front["editions"] = [_write_edition(shop, Ref(Kind.EDITION, slug, key)) for key in values["editions"]]
    stored = []
    for name, kind, known_fields in (
        ("pictures", Kind.PICTURE, fields.PICTURE),
        ("samples", Kind.SAMPLE, fields.SAMPLE),
    ):
        front[name] = []
        for sha256 in values[name]:
            media = Ref(kind, slug, sha256)
            filename = safe_name(shop[media]["filename"], taken)
            taken.append(filename)
            files[sha256] = filename
            front[name].append(_write_media(shop[media], filename, known_fields))
            stored.append(OutFile(path=f"{home}/{filename}", stored_path=shop[media]["path"], sha256=sha256))
    yield OutFile(path=f"{home}/{PRODUCT_FILE}", text=_write_page(front, values["description"]))
    for language, texts in _translations(shop, product=slug):
        front = _clean(translations.front_of(texts, translations.PRODUCT) | translations.parts_of(texts, files))
        body = translations.body_of(texts, fields.DESCRIPTION)
        yield OutFile(path=f"{home}/product.{language}.md", text=_write_page(front, body))
    yield from stored
    yield from _release_files(shop, slug, f"{home}/{RELEASES}")


def _translations(shop: Objects, *, product: str = "", page: str = "") -> Iterator[tuple[str, Fields]]:
    """Yield the languages that something has texts in, each with them."""
    for language in Language:
        ref = translations.translation_of(language.value, product=product, page=page)
        if ref in shop:
            yield language.value, shop[ref]


def _goes_without_saying(name: str, slug: str, values: Fields) -> bool:
    if name == "first_slug":
        return bool(values[name] == slug)
    return name == "aliases" and not values[name]


def _write_edition(shop: Objects, ref: Ref) -> dict[str, Any]:
    edition: dict[str, Any] = {"key": ref.name}
    edition |= {
        known.name: _written(known, shop[ref][known.name])
        for known in fields.EDITION
        if known.name != INCLUDES or shop[ref][INCLUDES]
    }
    edition["prices"] = _write_prices(shop, ref)
    return edition


def _write_prices(shop: Objects, edition: Ref) -> dict[str, Any]:
    # In the shop's order; that of an edition which is there is changed by no file.
    prices = [ref for ref in refs_of(shop, Kind.PRICE) if ref.edition == edition]
    return {ref.part: fields.write_price(shop[ref]["amount"], ref.part) for ref in prices}


def _write_media(values: Fields, filename: str, known_fields: tuple[Field, ...]) -> dict[str, Any]:
    entry: dict[str, Any] = {"file": filename}
    for known in known_fields:
        if known.name != "filename" or values["filename"] != filename:
            entry[known.name] = _written(known, values[known.name])
    return entry


def _release_files(shop: Objects, slug: str, home: str) -> Iterator[OutFile]:
    folders: list[str] = []
    for ref in refs_of(shop, Kind.RELEASE):
        if ref.product == slug:
            folder = safe_name(ref.name, folders)
            folders.append(folder)
            yield from _files_of_release(shop, ref, folder, f"{home}/{folder}")


def _front_of_release(values: Fields) -> dict[str, Any]:
    return {
        known.name: _written(known, values[known.name])
        for known in fields.RELEASE
        if values[known.name] is not None
    }


def _files_of_release(shop: Objects, ref: Ref, folder: str, home: str) -> Iterator[OutFile]:
    values = shop[ref]
    front = _front_of_release(values)
    if folder != ref.name:
        front["version"] = ref.name
    files = list(_name_files(shop, ref.product, ref.name))
    if any(name != real_name or file["size_bytes"] == 0 for name, real_name, file in files):
        front["files"] = [{"file": name, "name": real_name} for name, real_name, _file in files]
    yield OutFile(path=f"{home}/{NOTES_FILE}", text=_write_page(front, values["notes"]))
    for name, _real_name, file in files:
        yield OutFile(path=f"{home}/{name}", stored_path=file["path"], sha256=file["sha256"])


def _name_files(shop: Objects, slug: str, version: str) -> Iterator[tuple[str, str, Fields]]:
    """Yield each file of a release with the name that the folder can hold before its own."""
    names = [NOTES_FILE]
    for ref, file in shop.items():
        if ref[:3] == (Kind.FILE, slug, version):
            name = safe_name(ref.part, names)
            names.append(name)
            yield name, ref.part, file


def _write_page(front: dict[str, Any], body: str) -> str:
    words = _clean(body)
    below = f"\n{words}\n" if words else ""
    return f"{FENCE}\n{write_yaml(front)}{FENCE}\n{below}"


def _written(known: Field, value: Any) -> Any:  # noqa: ANN401 - of any field
    return _clean(known.write(value))


def _clean(value: Any) -> Any:  # noqa: ANN401 - a tree of texts
    """Return texts as a folder gives them back: without spaces around them, lines ended by line feeds."""
    if isinstance(value, dict):
        return {name: _clean(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_clean(entry) for entry in value]
    if isinstance(value, str) and not isinstance(value, Plain):
        return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return value
