"""Texts that an owner types, above all those of a product: their limits, and how they are written."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storefront.core.letters import is_seen, kind_of
from storefront.shop.catalog.file_names import TURNING, is_device
from storefront.shop.catalog.plain_words import SPELLED
from storefront.shop.catalog.upgrade_paths import read_paths, with_points
from storefront.shop.editor.refusals import FieldsRefused, ProductRefused

MOST_QUESTIONS = 12
MOST_TAGS = 5
MOST_QUOTES = 6
LONGEST_QUESTION = 120
LONGEST_ANSWER = 1000
LONGEST_TAG = 24
LONGEST_QUOTE = 400
LONGEST_WHO = 80
LONGEST_LINK = 300
LONGEST_SLUG = 64
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Of a host with a name, nobody's password in it.
LINK = re.compile(r"https?://[^\s/?#@\\]+\.[^\s/?#@\\]+(?:[/?#]\S*)?")
RESERVED_SLUGS = frozenset({"new"})  # an address of the editor
UNUSABLE = {"Cc", "Cs", "Co", "Cn"}
BREAKS = {"\n", "\t"}
BREAKS_OF_LINES = {"\n", "\u2028", "\u2029"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRule:
    """`longest` counts characters. A line has no breaks."""

    label: str
    longest: int
    is_line: bool = True
    is_needed: bool = False


RULES = {
    "name": TextRule(label="The name", longest=120, is_needed=True),
    "summary": TextRule(label="The tagline", longest=160),
    "description_markdown": TextRule(label="The description", longest=20_000, is_line=False),
    "requirements": TextRule(label="The system requirements", longest=2000, is_line=False),
    "first_steps": TextRule(label="The first steps", longest=2000, is_line=False),
    "search_title": TextRule(label="The search title", longest=60),
    "search_text": TextRule(label="The search description", longest=160),
}
EDITION_RULES = {
    "name": TextRule(label="The name", longest=60, is_needed=True),
    "line": TextRule(label="The line", longest=120),
    "upgrades_from": TextRule(label="What upgrades to it", longest=300),
}
TEXT_FIELDS = (*RULES, "questions", "quotes", "tags")


class _Wrong(ValueError):
    """Its words are for who typed the text."""


def clean_texts(
    submitted: Mapping[str, Any],
    rules: Mapping[str, TextRule] = RULES,
    *,
    refused: type[FieldsRefused] = ProductRefused,
) -> dict[str, Any]:
    """Return the texts as they are stored.

    `questions` are pairs of a question and its answer, of which those without both are left out; `quotes` are
    a text, who says it and an address, which may be empty; `tags` are words.

    Raises:
        FieldsRefused: of the kind `refused`, with a sentence for each field that cannot be stored.
    """
    readers: dict[str, Callable[[Any], Any]] = {
        "questions": _clean_questions,
        "quotes": _clean_quotes,
        "tags": _clean_tags,
        "upgrades_from": _clean_upgrades,
    }
    texts: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, value in submitted.items():
        try:
            texts[name] = readers[name](value) if name in readers else clean_text(value, rules[name])
        except _Wrong as wrong:
            problems[name] = str(wrong)
    if problems:
        raise refused(problems)
    return texts


def _readable(text: str) -> str:
    """Return a text with one kind of line ends; nothing where there is no letter to see."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    is_blank = not is_seen(plain)
    return "" if is_blank else plain


def clean_text(text: str, rule: TextRule) -> str:
    """Raises ValueError with a sentence."""
    plain = _readable(text)
    if rule.is_needed and not plain:
        raise _Wrong(f"{rule.label} is empty: write something that can be read.")
    if rule.is_line and BREAKS_OF_LINES & set(plain):
        raise _Wrong(f"{rule.label} is one line: take the line break out.")
    _check_letters(plain, rule.label)
    if len(plain) > rule.longest:
        raise _Wrong(f"{rule.label} has {len(plain):,} characters, and {rule.longest:,} fit.")
    return plain


def _check_letters(text: str, label: str) -> None:
    for letter in text:
        if letter in TURNING or (letter not in BREAKS and kind_of(letter) in UNUSABLE):
            raise _Wrong(f"{label} holds a character that cannot be shown (U+{ord(letter):04X}): type it again.")


def _check_has_both(question: str, answer: str) -> None:
    if not (question and answer):
        raise _Wrong(f"{question or answer!r} needs both, a question and an answer.")


def _clean_questions(pairs: Sequence[Sequence[str]]) -> list[list[str]]:
    question_rule = TextRule(label="A question", longest=LONGEST_QUESTION)
    answer_rule = TextRule(label="An answer", longest=LONGEST_ANSWER, is_line=False)
    cleaned = [
        [clean_text(question, question_rule), clean_text(answer, answer_rule)] for question, answer in pairs
    ]
    kept = [pair for pair in cleaned if any(pair)]
    for question, answer in kept:
        _check_has_both(question, answer)
    if len(kept) > MOST_QUESTIONS:
        raise _Wrong(f"There is room for {MOST_QUESTIONS} questions: these are {len(kept)}.")
    return kept


def _check_quote(text: str, who: str, link: str) -> None:
    if not (text and who):
        raise _Wrong(f"{(text or who or link)!r} needs both, what is said and who says it.")


def _clean_quotes(quotes: Sequence[Sequence[str]]) -> list[list[str]]:
    text_rule = TextRule(label="A quote", longest=LONGEST_QUOTE)
    who_rule = TextRule(label="The name below a quote", longest=LONGEST_WHO)
    cleaned = [
        [clean_text(text, text_rule), clean_text(who, who_rule), _clean_link(link)] for text, who, link in quotes
    ]
    kept = [quote for quote in cleaned if any(quote)]
    for quote in kept:
        _check_quote(*quote)
    if len(kept) > MOST_QUOTES:
        raise _Wrong(f"There is room for {MOST_QUOTES} quotes: these are {len(kept)}.")
    return kept


def _clean_link(link: str) -> str:
    address = clean_text(link, TextRule(label="The address of a quote", longest=LONGEST_LINK))
    if address and not LINK.fullmatch(address):
        raise _Wrong(f"{address!r} is no address of a page: copy it from the browser, like https://example.com/x.")
    return address


def _clean_tags(words: Sequence[str]) -> list[str]:
    rule = TextRule(label="A tag", longest=LONGEST_TAG)
    tags = list(dict.fromkeys(filter(None, (clean_text(word, rule) for word in words))))
    if any("," in tag for tag in tags):  # what stands between tags where they are one line
        raise _Wrong("A tag holds a comma: make two tags of it, or leave the comma out.")
    if len(tags) > MOST_TAGS:
        raise _Wrong(f"There is room for {MOST_TAGS} tags: these are {len(tags)}.")
    return tags


def _clean_upgrades(text: str) -> str:
    cleaned = clean_text(text, EDITION_RULES["upgrades_from"])
    try:
        read_paths(cleaned)
    except ValueError as error:
        raise _Wrong(str(error)) from error
    return with_points(cleaned)


def slug_from(name: str, *, kind: str = "product") -> str:
    """Return a slug for a name in any language; its kind where nothing of it can be written in an address."""
    # In this order: casefold makes ss of ß, and small letters of the capitals in № and ™, which NFKD takes apart.
    letters = unicodedata.normalize("NFKD", name).casefold().translate(SPELLED)
    plain = letters.encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST_SLUG].strip("-")
    is_free = len(slug) > 1 and slug not in RESERVED_SLUGS and not is_device(slug)
    return slug if is_free else f"{slug}-{kind}".strip("-")


def check_slug(slug: str) -> None:
    """Raises ProductRefused."""
    if not SLUG.fullmatch(slug) or not 2 <= len(slug) <= LONGEST_SLUG:
        problem = f"An address has 2 to {LONGEST_SLUG} small letters a to z, digits and single hyphens."
        raise ProductRefused({"slug": problem})
    if slug in RESERVED_SLUGS:
        raise ProductRefused({"slug": f"{slug} is an address of the shop itself: take another one."})


def check_new_slug(slug: str) -> None:
    """Raises ProductRefused. What is called so already stays: a folder may hold it."""
    check_slug(slug)
    if is_device(slug):
        words = f"{slug} is the name of a device on Windows, where no folder can be called so: take another one."
        raise ProductRefused({"slug": words})
