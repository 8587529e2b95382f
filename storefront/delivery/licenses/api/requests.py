"""What a program sent to the license API: fields in the body, in the address, or in both; every field bounded."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from storefront.core.errors import StorefrontError
from storefront.core.letters import kind_of
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
PLAIN = {"", "identity", "utf-8"}  # what some libraries write as the encoding of a body that is not compressed
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
    """Return the known fields as trimmed text, read once a request. The body counts before the address.

    A nonce is as it was sent, and so is a fingerprint, because programs compare what comes back letter by letter.

    Raises:
        BadRequest: with a sentence that names the field.
    """
    if "license_fields" not in g:
        g.license_fields = _read()
    fields: dict[str, str] = g.license_fields
    return fields


def demand(fields: dict[str, str], names: Iterable[str]) -> None:
    for name in names:
        if not fields.get(name):
            raise BadRequest(f"The {name} field is required.")


def _read() -> dict[str, str]:
    try:
        sent = _read_body()
    except HTTPException as error:
        raise NoJson("The form cannot be read.") from error
    values = _known_fields(request.args) | _known_fields(sent)
    return {name: _text(name, value) for name, value in values.items()}


def _known_fields(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sent[name] for name in MAX_LENGTHS if sent.get(name) is not None}


def _read_body() -> Mapping[str, Any]:
    """Return the fields of the body, read as its label says.

    What is not labeled, or as something else (curl's `-d` calls everything a form), is read by its first letter:
    no form of ours begins with a brace.
    """
    if request.headers.get("Content-Encoding", "").strip().lower() not in PLAIN:
        raise UnknownType("The body is compressed: send it as it is.")
    body = request.get_data()
    if not body.strip():
        return {}
    if request.mimetype in JSON_TYPES or _begins_like_json(body):
        return _read_json(body)
    if request.mimetype in FORM_TYPES:
        return request.form
    if _is_form(body):
        return MultiDict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    raise _unknown_type(request.mimetype)


def _begins_like_json(body: bytes) -> bool:
    if request.mimetype == "multipart/form-data":
        return False
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _unknown_type(kind: str) -> UnknownType:
    label = f"labeled {kind[:80]}" if kind.isprintable() and kind else "not labeled"
    return UnknownType(f"The body is {label}, and neither JSON nor a form. Send it as application/json.")


def _is_form(body: bytes) -> bool:
    return body.lstrip().partition(b"=")[0].decode("latin-1") in MAX_LENGTHS


def _read_json(body: bytes) -> Mapping[str, Any]:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        hint = " It looks like a form: send it as a form." if _is_form(body) else ""
        raise NoJson(f"The body is not valid JSON.{hint}") from error
    if not isinstance(sent, dict):
        raise BadRequest("The body must be an object with fields.")
    return sent


def _text(name: str, value: object) -> str:
    """Return a field's value as text of a length and of characters that can be stored."""
    sent = _as_text(name, value)
    text = sent if name == "nonce" else sent.strip()
    if len(text) > MAX_LENGTHS[name]:
        raise BadRequest(f"The {name} field is longer than {MAX_LENGTHS[name]} characters.")
    # A key is stored in its normal form. Nearly all text is printable, which is asked first.
    if not text.isprintable() and not _is_storable(normal_form(text) if name == "license_key" else text):
        raise BadRequest(f"The {name} field has characters that cannot be printed.")
    return sent if name == "fingerprint" and text else text


def _as_text(name: str, value: object) -> str:
    """Return a field's value, where it is text. A product's id may be a number, too."""
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if name == "product_id" and is_number:
        return str(value)
    raise BadRequest(f"The {name} field must be text.")


def _is_storable(text: str) -> bool:
    """Return whether it has no control characters, halves of a pair, or what never will be a letter.

    Names may be in any writing. PostgreSQL refuses a NUL, UTF-8 a half of a pair.
    """
    return all(kind_of(character) not in {"Cc", "Cs", "Cn"} for character in text)
