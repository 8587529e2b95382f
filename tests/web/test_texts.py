"""Every text that buyers read is marked for translation, and the catalogs hold what is marked."""

import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Message

from storefront.core.languages import Language
from storefront.core.places import ROOT
from storefront.devtools.texts import (
    TRANSLATED,
    catalog_file,
    collect,
    files_with_texts,
    is_translated,
    read_file,
    updated,
)
from storefront.web.script_texts import SCRIPT_TEXTS

# Emails to the people who run the shop are English.
TO_PEOPLE = (
    "dispute_opened", "fraud_warning", "invitation", "reconcile_report", "security_notice", "test_mail",
    "test_receipt", "test_email", "_head.html", "_security.html",
)  # fmt: skip
TRANSLATED_BLOCK = re.compile(r"\{%-?\s*trans\b.*?\{%-?\s*endtrans\s*-?%\}", re.DOTALL)
JINJA = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
SAID = re.compile(r"\b(?:aria-label|placeholder|title|alt|data-label)=\"([^\"]*)\"")
NO_TEXT = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->", re.DOTALL)
WORD = re.compile(r"[A-Za-z]{2,}")
# A file format, a hash function, what a mode is called, a class of pages, part of a path, a code, letters of fonts
LETTERS = ("ABCDEFGHIJKLM", "NOPQRSTUVWXYZ", "abcdefghijklm", "nopqrstuvwxyz")
NO_WORDS = frozenset({"PDF", "SHA", "Sandbox", "narrow", "pages", "XXXX", *LETTERS})
SPACES = string.printable + "\u202f"  # French writes a narrow space before : ; ! and ?
COUNTED = re.compile(r"ngettext\((?:\s*\"[^\"]*\",?)+")
FOR_PEOPLE = re.compile(r"^ +\"person_.*$", re.MULTILINE)  # codes for /admin, in the same email
QUOTED = re.compile(r"(_\()?\"([A-Z][a-z]+(?: [a-z']+)+[^\"]*|[a-z ]*[a-z]\. [A-Z][^\"]*)\"")
UNSEEN = re.compile(r"\b(?:marked|marked_count|ngettext|_)\((?!\s*[\"')])")  # a name, which nothing collects
SPOKEN = re.compile(r"spoken\(\"([^\"]+)\"\)|spoken\([^\"()]*\? \"([^\"]+)\" : \"([^\"]+)\"\)")


def buyers_templates() -> Iterator[Path]:
    for method, path in files_with_texts():
        if method == "jinja2" and not set(path.parts) & set(TO_PEOPLE):
            yield path


@pytest.mark.parametrize(
    "path", list(buyers_templates()), ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_marks_every_text_of_a_template(path: Path) -> None:
    source = NO_TEXT.sub(" ", TRANSLATED_BLOCK.sub(" ", path.read_text(encoding="utf-8")))
    code = FOR_PEOPLE.sub("", COUNTED.sub("", " ".join(JINJA.findall(source))))
    quoted = [found[2] for found in QUOTED.finditer(code) if not found[1]]
    assert not quoted
    plain = JINJA.sub(" ", source)
    said = [words for attribute in SAID.findall(plain) for words in WORD.findall(attribute)]
    text = re.sub(r"<[a-zA-Z/!][^>]*>", " ", plain) if path.suffix == ".html" else plain
    assert {*WORD.findall(re.sub(r"&\w+;", " ", text)), *said} <= NO_WORDS


def test_marks_texts_where_they_stand() -> None:
    sources = (path for method, path in files_with_texts() if method == "python" and path.parent.name != "core")
    assert not [path for path in sources if UNSEEN.search(path.read_text(encoding="utf-8"))]


def test_collects_what_scripts_say() -> None:
    for name, texts in SCRIPT_TEXTS.items():
        source = (ROOT / "static" / name).read_text(encoding="utf-8")
        assert {word for found in SPOKEN.findall(source) for word in found if word} == set(map(str, texts)), name


collected = cache(collect)  # reads every file of the shop


@pytest.mark.parametrize("language", TRANSLATED)
def test_keeps_the_catalogs_in_step_with_the_code(language: Language) -> None:
    """`make texts` brings them there."""
    assert catalog_file(language).read_bytes() == updated(language, collected())


def _forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _sources(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]|\{\w+\}", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_translates_with_the_same_placeholders_and_elements(language: Language) -> None:
    for message in read_file(language):
        if not message.id or not is_translated(message):
            continue
        wanted = set().union(*map(_placeholders, _sources(message)))
        for text, source in zip(_forms(message), _sources(message), strict=True):  # all four have two forms
            assert _placeholders(text) <= wanted, text
            assert _placeholders(source) - {"%(num)d"} <= _placeholders(text), text
            assert sorted(re.findall(r"</?\w+", text)) == sorted(re.findall(r"</?\w+", _sources(message)[-1])), (
                text
            )
            assert text[:1].isspace() is _sources(message)[0][:1].isspace(), text
            assert all(letter in SPACES or letter.isprintable() for letter in text), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_says_nothing_twice_in_a_row(language: Language) -> None:
    """As a text that was filled in twice does."""
    said = [form for message in read_file(language) if message.id for form in _forms(message) if len(form) > 20]
    assert not [form for form in said if form[: len(form) // 2].strip() == form[len(form) // 2 :].strip()]


@pytest.mark.parametrize("language", TRANSLATED)
def test_leaves_nothing_untranslated(language: Language) -> None:
    missing = [message.id for message in read_file(language) if message.id and not is_translated(message)]
    assert not missing
