"""The field of a product's quotes: a list of what is said, by whom, and where it stands."""

from typing import Any

from storefront.shop.editor.texts import LONGEST_LINK, LONGEST_QUOTE, LONGEST_WHO, MOST_QUOTES
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.nodes import Node
from storefront.shop.files.values import Field, clean_entry, cleaned, items, refuse_other_names, scalar, table

NAMES = ("text", "who", "link")
NEEDED = NAMES[:2]
LIMITS = dict(zip(NAMES, (LONGEST_QUOTE, LONGEST_WHO, LONGEST_LINK), strict=True))


def quotes(name: str) -> Field:
    def read(node: Node) -> list[list[str]]:
        texts: list[list[str]] = cleaned(name, [_read_quote(entry) for entry in items(node)])
        return texts

    entry = {
        "type": "object",
        "required": list(NEEDED),
        "additionalProperties": False,
        "properties": {
            part: {"type": ["string", "number", "boolean"], "maxLength": LIMITS[part]} for part in NAMES
        },
    }
    return Field(
        name=name,
        column=name,
        read=read,
        write=lambda texts: [_write_quote(quote) for quote in texts],
        schema={"type": "array", "maxItems": MOST_QUOTES, "items": entry},
    )


def _read_quote(node: Node) -> list[str]:
    entry = table(node)
    refuse_other_names(entry, NAMES)
    if missing := [name for name in NEEDED if name not in entry.nodes]:
        raise Wrong(f"this quote has no {missing[0]}: write {' and '.join(NEEDED)}.", entry.line)
    quote = [scalar(entry.nodes[name]) if name in entry.nodes else "" for name in NAMES]
    clean_entry("quotes", quote, entry.line)
    return quote


def _write_quote(quote: list[Any]) -> dict[str, str]:
    return {name: part for name, part in zip(NAMES, quote, strict=True) if part}
