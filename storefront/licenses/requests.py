"""What a program sent to the license API: a form, JSON, or JSON labeled as JSON:API; every field bounded."""

import json
import unicodedata
from collections.abc import Iterable
from typing import Any

from flask import g, request
from werkzeug.exceptions import HTTPException

from storefront.errors import StorefrontError
from storefront.licenses.keys import normal_form

MAX_BODY_BYTES = 16 * 1024
MAX_LENGTHS = {
    "license_key": 255,
    "instance_name": 255,
    "instance_id": 64,
    "fingerprint": 255,
    "product_id": 255,
    "nonce": 256,
}
JSON_TYPES = ("application/json", "application/vnd.api+json")


class BadRequest(StorefrontError):
    """The body cannot be read, or a field is missing or of the wrong kind."""

    code = "INVALID_REQUEST"
    status = 422


class NoJson(BadRequest):
    status = 400


def read_fields() -> dict[str, str]:
    """The known fields that were sent, as trimmed text; once per request.

    Raises:
        BadRequest: with a sentence that names the field.
    """
    if "license_fields" not in g:
        g.license_fields = _read()
    found: dict[str, str] = g.license_fields
    return found


def demand(fields: dict[str, str], names: Iterable[str]) -> None:
    for name in names:
        if not fields.get(name):
            raise BadRequest(f"The {name} field is required.")


def _read() -> dict[str, str]:
    try:
        sent: Any = json.loads(request.get_data()) if request.mimetype in JSON_TYPES else request.form.to_dict()
    except HTTPException as error:
        raise NoJson("The form cannot be read.") from error
    except (ValueError, RecursionError) as error:
        raise NoJson("The body is not valid JSON.") from error
    if not isinstance(sent, dict):
        raise BadRequest("The body must be an object with fields.")
    return {name: _text(name, sent[name]) for name in MAX_LENGTHS if sent.get(name) is not None}


def _text(name: str, value: object) -> str:
    if name == "product_id" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise BadRequest(f"The {name} field must be text.")
    text = value if name == "nonce" else value.strip()
    if len(text) > MAX_LENGTHS[name]:
        raise BadRequest(f"The {name} field is longer than {MAX_LENGTHS[name]} characters.")
    if not text.isprintable() and not _is_storable(normal_form(text) if name == "license_key" else text):
        raise BadRequest(f"The {name} field has characters that cannot be printed.")
    return text


def _is_storable(text: str) -> bool:
    """No control characters, halves of a pair, or what Unicode does not know; names may be in any writing.

    PostgreSQL refuses a NUL, UTF-8 a half of a pair. Nearly all text is printable, which is asked first.
    """
    return all(unicodedata.category(each) not in {"Cc", "Cs", "Cn"} for each in text)
