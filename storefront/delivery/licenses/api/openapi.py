"""`/v1/openapi.json`: the license API, described for programs, from the tables that it answers from.

https://spec.openapis.org/oas/v3.1.0
"""

from typing import Any

from storefront.delivery.licenses.api.requests import FORM, JSON_TYPES, MAX_BODY_BYTES, MAX_LENGTHS
from storefront.delivery.licenses.codes import NOT_FOUND, Code

ABOUT_FIELDS = {
    "license_key": "One that the shop made in any spelling: small letters, with or without dashes. "
    "An imported one exactly as its buyer received it.",
    "instance_name": "What the buyer sees on the order page: the device's name.",
    "instance_id": "The `instance.id` of an activation, in small letters or capitals.",
    "fingerprint": "Whatever tells your buyer's devices apart. The same device again costs no slot. "
    "Spaces around it make no other device, and are in the file as they were sent. "
    "Without one there is no license file.",
    "product_id": "The number or the slug of your product: a key of another one is invalid then.",
    "nonce": "Comes back as it was sent.",
}
LICENSE_STATES = ["inactive", "active", "expired", "disabled"]
# What each operation needs, and may have.
OPERATIONS = {
    "activate": ("activated", ["license_key", "instance_name"], ["fingerprint", "product_id", "nonce"]),
    "validate": ("valid", ["license_key"], ["instance_id", "fingerprint", "product_id", "nonce"]),
    "deactivate": ("deactivated", ["license_key", "instance_id"], ["product_id", "nonce"]),
}
SUMMARIES = {
    "activate": "Take a slot of a license for a device",
    "validate": "Ask whether a license works, and on this device",
    "deactivate": "Give a device's slot back",
}
NOT_LOOKED_AT = {Code.INVALID_REQUEST, Code.RATE_LIMITED, Code.UNAVAILABLE}
RETRY_AFTER = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}


def describe(base_url: str) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "License API",
            "version": "1",
            "description": "Compatible with Lemon Squeezy's License API; `code` is a stable word for programs. "
            "A network error, a 429 or a 5xx says nothing about the license.",
        },
        "servers": [{"url": base_url}],
        "security": [],
        "paths": {f"/v1/licenses/{name}": {"post": _operation(name)} for name in OPERATIONS},
        "components": {"schemas": {"License": _license(), "Instance": _instance(), "Meta": _meta()}},
    }


def _operation(name: str) -> dict[str, Any]:
    _flag, required, optional = OPERATIONS[name]
    return {
        "operationId": name,
        "summary": SUMMARIES[name],
        "parameters": [_in_address(field) for field in (*required, *optional)],
        "requestBody": {
            "required": False,
            "description": f"At most {MAX_BODY_BYTES} bytes. It comes before the address where both have a field.",
            "content": {
                FORM: {"schema": _request(required, optional, is_form=True)},
                **{kind: {"schema": _request(required, optional, is_form=False)} for kind in JSON_TYPES},
            },
        },
        "responses": _responses(name),
    }


def _responses(name: str) -> dict[str, Any]:
    flag = OPERATIONS[name][0]
    refused = [code for code in Code if code not in {Code.VALID, *NOT_LOOKED_AT, *NOT_FOUND}]
    return {
        "200": _answer(name, flag, "It works.", [Code.VALID]),
        "400": _answer(
            name,
            flag,
            "The license does not work, or the body cannot be read.",
            [Code.INVALID_REQUEST, *refused],
        ),
        "404": _answer(name, flag, "No such key or device.", sorted(NOT_FOUND)),
        "408": {
            **_answer(name, flag, "The body comes too slowly.", [Code.INVALID_REQUEST]),
            "headers": RETRY_AFTER,
        },
        "413": _answer(name, flag, "The body is too large.", [Code.INVALID_REQUEST]),
        "414": _answer(name, flag, "The address is too long.", [Code.INVALID_REQUEST]),
        "415": _answer(name, flag, "The body is neither JSON nor a form.", [Code.INVALID_REQUEST]),
        "422": _answer(name, flag, "A field is missing or of the wrong kind.", [Code.INVALID_REQUEST]),
        "429": {
            **_answer(name, flag, "Too many requests.", [Code.RATE_LIMITED]),
            "headers": RETRY_AFTER,
        },
        "503": {
            **_answer(name, flag, "Says nothing about the license: ask later.", [Code.UNAVAILABLE]),
            "headers": RETRY_AFTER,
        },
        "500": _answer(name, flag, "Nothing is said about the license.", [Code.UNAVAILABLE]),
    }


def _in_address(name: str) -> dict[str, Any]:
    about = f"{ABOUT_FIELDS[name]} Better in the body: addresses are written into logs."
    # A long one is too much for the address itself: 414 and not 422.
    schema = {"type": "string"} if name == "license_key" else {"type": "string", "maxLength": MAX_LENGTHS[name]}
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema}


def _request(required: list[str], optional: list[str], *, is_form: bool) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": {
            name: _field(name, may_be_null=name in optional and not is_form) for name in (*required, *optional)
        },
    }


def _field(name: str, *, may_be_null: bool) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "maxLength": MAX_LENGTHS[name]}
    if name in ("license_key", "instance_name"):
        text["minLength"] = 1
    kinds = [text]
    if name == "product_id":
        kinds.append({"type": "integer"})
    if may_be_null:
        kinds.append({"type": "null"})
    return {"description": ABOUT_FIELDS[name], **(text if len(kinds) == 1 else {"anyOf": kinds})}


def _answer(name: str, flag: str, description: str, codes: list[Code]) -> dict[str, Any]:
    is_good = codes == [Code.VALID]
    nothing: dict[str, Any] = {"type": "null"}
    fields: dict[str, Any] = {
        flag: {"const": is_good},
        "error": nothing if is_good else {"type": "string", "minLength": 1},
        "license_key": _reference("License", is_sure=is_good),
        "meta": _reference("Meta", is_sure=is_good),
        "code": {"enum": [code.value for code in codes]},
    }
    if name != "deactivate":
        fields["instance"] = _reference("Instance", is_sure=is_good and name == "activate")
    required = list(fields)
    fields["nonce"] = {"type": "string"}
    if name == "activate":
        fields["license_file"] = {
            "type": ["string", "null"],
            "description": "A signed file that works offline, for the device of `fingerprint`; null without one.",
        }
    schema = {"type": "object", "required": required, "properties": fields, "additionalProperties": False}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _reference(name: str, *, is_sure: bool) -> dict[str, Any]:
    there = {"$ref": f"#/components/schemas/{name}"}
    return there if is_sure else {"anyOf": [there, {"type": "null"}]}


def _object(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False}


NUMBER: dict[str, Any] = {"type": "integer"}
TEXT: dict[str, Any] = {"type": "string"}
MAY_BE_NUMBER: dict[str, Any] = {"type": ["integer", "null"]}
MAY_BE_TEXT: dict[str, Any] = {"type": ["string", "null"]}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}


def _license() -> dict[str, Any]:
    return _object(
        id=NUMBER,
        status={"enum": LICENSE_STATES},
        key=TEXT,
        activation_limit={**MAY_BE_NUMBER, "description": "null: any number of devices"},
        activation_usage=NUMBER,
        created_at=MOMENT,
        expires_at={"anyOf": [MOMENT, {"type": "null"}], "description": "null: never"},
        test_mode={"type": "boolean"},
    )


def _instance() -> dict[str, Any]:
    return _object(id={"type": "string", "format": "uuid"}, name=TEXT, created_at=MOMENT)


def _meta() -> dict[str, Any]:
    return _object(
        store_id=NUMBER,
        order_id=NUMBER,
        order_item_id=NUMBER,
        product_id=NUMBER,
        product_name=TEXT,
        variant_id=MAY_BE_NUMBER,
        variant_name=MAY_BE_TEXT,
        customer_id=NUMBER,
        customer_name=MAY_BE_TEXT,
        customer_email=MAY_BE_TEXT,
    )
