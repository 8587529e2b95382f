"""The JSON Schema of a folder's files, for editors: made of the table that reads them."""

from typing import Any

from storefront.shop.files import fields, translations
from storefront.shop.files.values import Field

NAME = "https://json-schema.org/draft/2020-12/schema"


def make_schema() -> dict[str, Any]:
    """Return schemas for shop.toml, and for the front matter of pages, emails, product.md and notes.md.

    By these names; a `*` before the ending stands for a language.
    """
    return {
        "$schema": NAME,
        "title": "A shop as files",
        "$defs": {
            "shop.toml": _table(fields.SHOP, **dict.fromkeys(fields.LOOKS, _text())),
            "pages/*.md": _table(fields.PAGE),
            "emails/*.md": _table(fields.EMAIL),
            "product.md": _table(
                fields.PRODUCT,
                editions=_list(_table(fields.EDITION, key=_key(), prices=_prices()), "key"),
                pictures=_list(_table(fields.PICTURE, file=_text()), "file"),
                samples=_list(_table(fields.SAMPLE, file=_text()), "file"),
            ),
            "product.*.md": _table(
                tuple(translations.PRODUCT.values()),
                **{
                    name: _list(
                        _table(tuple(translations.TEXTS_OF_PARTS[name].values()), **{part[0]: _text()}), part[0]
                    )
                    for name, part in translations.PARTS.items()
                },
            ),
            "shop.*.toml": _table(tuple(translations.SHOP.values())),
            "notes.md": _table(
                fields.RELEASE,
                version={"type": ["string", "number"]},
                files=_list(_table((), file=_text(), name=_text()), "file"),
            ),
        },
    }


def _table(known: tuple[Field, ...], **others: dict[str, Any]) -> dict[str, Any]:
    properties = {field.name: field.schema for field in known} | others
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _list(entry: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "array", "items": entry | {"required": list(required)}}


def _text() -> dict[str, Any]:
    return {"type": "string"}


def _key() -> dict[str, Any]:
    return {"type": ["string", "number"], "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}


def _prices() -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Za-z]{3}$"},
        "additionalProperties": {"type": ["string", "number"]},
    }
