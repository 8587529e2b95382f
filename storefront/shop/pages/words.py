"""The words of a page: their limits, what is left out for readers, and what is still to be filled in."""

import re
from collections.abc import Mapping
from typing import Any

from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.texts import TextRule, check_new_slug, clean_texts
from storefront.shop.pages.models import LegalKind
from storefront.shop.pages.refusals import PageRefused

RULES = {
    "title": TextRule(label="The title", longest=120, is_needed=True),
    "body_markdown": TextRule(label="The text", longest=60_000, is_line=False),
}
SAMPLE_MARK = "**This is a sample"  # how the legal pages of the sample shop begin
# What a template leaves open begins with "your": a link, a footnote or "[sic]" is none of it.
PLACEHOLDER = re.compile(r"\[your\s[^\[\]]{1,200}\](?!\()", re.IGNORECASE)
NOTE = re.compile(r"\A\s*<!--.*?-->", re.DOTALL)


def clean_page(submitted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored, by column.

    Raises:
        PageRefused: with a sentence for each field that cannot be stored.
    """
    texts = {name: value for name, value in submitted.items() if name in RULES}
    cleaned = clean_texts(texts, RULES, refused=PageRefused)
    if "legal_kind" in submitted:
        cleaned["legal_kind"] = _read_kind(submitted["legal_kind"])
    return cleaned


def _read_kind(word: str | None) -> LegalKind | None:
    try:
        return LegalKind(word) if word else None
    except ValueError as error:
        raise PageRefused({"legal_kind": f"Choose one of: {', '.join(LegalKind)}, or none."}) from error


def check_address(slug: str) -> None:
    """Raises PageRefused."""
    try:
        check_new_slug(slug)
    except ProductRefused as refusal:
        raise PageRefused(refusal.problems) from refusal


def without_note(body_markdown: str) -> str:
    """Return what readers see: a comment at the very beginning is for the owner."""
    return NOTE.sub("", body_markdown).strip()


def find_placeholders(body_markdown: str) -> tuple[str, ...]:
    """Return what is still to be filled in, each once, as it is written."""
    return tuple(dict.fromkeys(match[0] for match in PLACEHOLDER.finditer(without_note(body_markdown))))
