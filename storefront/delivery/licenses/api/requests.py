"""What a program sent to the license API: fields in the body, in the address, or in both; every field bounded."""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from storefront.core.errors import StorefrontError
from storefront.delivery.licenses.keys import MAX_KEY_LENGTH, normal_form

MAX_BODY_BYTES = 16 * 1024
MAX_LENGTHS = {
    "license_key": MAX_KEY_LENGTH,
    "instance_name": 255,
    "instance_id": 64,
    "fingerprint": 255,
    "product_id": 255,
    "nonce": 256,
}
JSON_TYPES = ("application/json", "application/vnd.api+json")
FORM = "application/x-www-form-urlencoded"
FORM_TYPES = (FORM, "multipart/form-data")


class BadRequest(StorefrontError):
    """The body cannot be read, or a field is missing or of the wrong kind."""

    code = "INVALID_REQUEST"
    status = 422


class NoJson(BadRequest):
    status = 400


class UnknownType(BadRequest):
    status = 415


def read_fields() -> dict[str, str]:
    """The known fields that were sent, as trimmed text; once per request. The body comes before the address.

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
        sent = _read_body()
    except HTTPException as error:
        raise NoJson("The form cannot be read.") from error
    found = {name: request.args[name] for name in MAX_LENGTHS if name in request.args}
    found |= {name: sent[name] for name in MAX_LENGTHS if sent.get(name) is not None}
    return {name: _text(name, value) for name, value in found.items()}


def _read_body() -> Mapping[str, Any]:
    """By its label. What is not labeled, or as something else (curl's `-d` calls everything a form), by its first
    letter: no form of ours begins with a brace.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnknownType("The body is compressed: send it as it is.")
    body = request.get_data()
    kind = request.mimetype
    if not body.strip():
        return {}
    if kind in JSON_TYPES:
        return _read_json(body, " It looks like a form: send it as a form." if _is_form(body) else "")
    if kind != "multipart/form-data" and body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _read_json(body, "")
    if kind in FORM_TYPES:
        return request.form
    if _is_form(body):
        return MultiDict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    label = f"labeled {kind[:80]}" if kind.isprintable() and kind else "not labeled"
    raise UnknownType(f"The body is {label}, and neither JSON nor a form. Send it as application/json.")


def _is_form(body: bytes) -> bool:
    return body.lstrip().partition(b"=")[0].decode("latin-1") in MAX_LENGTHS


def _read_json(body: bytes, more: str) -> Mapping[str, Any]:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoJson(f"The body is not valid JSON.{more}") from error
    if not isinstance(sent, dict):
        raise BadRequest("The body must be an object with fields.")
    return sent


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
