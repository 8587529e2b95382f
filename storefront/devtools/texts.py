"""Collects what buyers read from code and templates, and keeps the catalogs in step with it: `make texts`.

A catalog has no dates and no lines of code, and is in the order of the alphabet, so that a change is a small
difference.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from storefront.core.languages import FOLDER, Language
from storefront.core.places import ROOT

WIDTH = 100
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None, "marked_count": (1, 2)}
# Folders of templates that buyers read. The owner's pages, commands and logs are English.
TEMPLATES = ("shop", "payments", "buyers", "customers", "web", "messages")
TRANSLATED = tuple(language for language in Language if language is not Language.ENGLISH)
OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}


def files_with_texts() -> Iterator[tuple[str, Path]]:
    """Yield how each file is read, and where it is."""
    for path in sorted((ROOT / "storefront").rglob("*.py")):
        yield "python", path
    folders = [ROOT / "templates" / folder for folder in TEMPLATES]
    pages = (path for folder in folders for path in folder.rglob("*") if path.suffix in {".html", ".txt"})
    for path in sorted([*pages, *(ROOT / "templates").glob("*.html")]):
        yield "jinja2", path


def collect() -> Catalog:
    """Return every marked text, without translations."""
    found = Catalog()
    for method, path in files_with_texts():
        rows = extract_from_file(
            method,
            path,
            KEYWORDS,
            ("Translators:",),
            OPTIONS if method == "jinja2" else {},
            strip_comment_tags=True,
        )
        for _line, message, comments, context in rows:
            found.add(message, auto_comments=comments, context=context)
    return found


def catalog_file(language: Language) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def read_file(language: Language) -> Catalog:
    path = catalog_file(language)
    if not path.is_file():
        return Catalog(locale=language.value)
    with path.open("rb") as file:
        return read_po(file, locale=language.value)


def updated(language: Language, found: Catalog) -> bytes:
    """Return the file of a language with the texts of now: what has no translation yet is empty."""
    catalog = read_file(language)
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    for message in catalog:
        message.locations = []
    written = BytesIO()
    write_po(written, catalog, width=WIDTH, omit_header=True, sort_output=True, ignore_obsolete=True)
    header = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Plural-Forms: {catalog.plural_forms}\\n"\n'
    kind = '"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    return (header + kind).encode() + written.getvalue()


def is_translated(message: Message) -> bool:
    """Tell whether every form of it has its words."""
    words = [message.string] if isinstance(message.string, str) else list(message.string or [""])
    return all(words) and not message.fuzzy


def main() -> None:
    found = collect()
    for language in TRANSLATED:
        path = catalog_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(updated(language, found))
        missing = sum(not is_translated(message) for message in read_file(language) if message.id)
        print(f"{language.own_name}: {len(found)} texts, {missing} without a translation")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
