"""`/openapi.json`: what of Stripe's API the sandbox answers, described for programs from its own table of calls.

https://spec.openapis.org/oas/v3.1.0
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from storefront.devtools.sandbox.api.parameter_types import Kind, Spec
from storefront.devtools.sandbox.api.routes import ROUTES, Route
from storefront.devtools.sandbox.api.versions import API_VERSION, NEWEST

FORM = "application/x-www-form-urlencoded"
_SCALARS: Mapping[Kind, Mapping[str, str]] = {
    Kind.STRING: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.DECIMAL: {"type": "string", "format": "decimal"},
    Kind.BOOLEAN: {"type": "boolean"},
}
_OBJECT = {
    "description": "The object, with the members that Stripe's API reference lists for this version.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_ERROR = {
    "description": "Stripe's error; what the sandbox leaves out is refused by name, with 400.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


def described_calls() -> list[Route]:
    """Return the calls of Stripe's public API, in the order of their paths: no page's and no command line's."""
    calls = [call for call in ROUTES if not call.is_public and call.path[1] != "stripecli"]
    return sorted(calls, key=lambda call: (call.path, call.method))


def path_of(call: Route) -> str:
    return "/" + "/".join(call.path)


def describe(base_url: str) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stripe sandbox",
            "version": API_VERSION,
            "description": "The part of Stripe's API that this local stand-in answers: one-time payments.",
        },
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "sk_test_… or rk_test_…"}
            },
            "schemas": {"Error": _error_schema()},
        },
    }


@cache
def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for call in described_calls():
        paths.setdefault(path_of(call), {})[call.method.lower()] = _operation(call)
    return paths


def _operation(call: Route) -> dict[str, Any]:
    spec = _without(call.spec(NEWEST), call.unsupported)
    operation: dict[str, Any] = {
        "operationId": call.handler.__name__,
        "parameters": [_in_path(part[1:-1]) for part in call.path if part.startswith("{")],
        "responses": {"200": _OBJECT, "default": _ERROR},
    }
    if call.method == "POST":
        content = {FORM: {"schema": _schema(spec), "encoding": _encoding(spec)}}
        operation["requestBody"] = {"required": bool(spec.required), "content": content}
    else:
        operation["parameters"] += [_in_query(name, spec) for name in spec.fields]
    return operation


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(name: str, spec: Spec) -> dict[str, Any]:
    member = spec.fields[name]
    style = {"style": "deepObject", "explode": True} if member.kind in {Kind.HASH, Kind.MAP} else {}
    is_required = name in spec.required
    return {"name": name, "in": "query", "required": is_required, "schema": _schema(member), **style}


def _encoding(spec: Spec) -> dict[str, Any]:
    nested = {Kind.HASH, Kind.MAP, Kind.ARRAY}
    return {
        name: {"style": "deepObject", "explode": True}
        for name, member in spec.fields.items()
        if member.kind in nested
    }


def _schema(spec: Spec) -> dict[str, Any]:
    schema = _plain_schema(spec)
    if spec.alternative is not None:
        schema = {"anyOf": [schema, _schema(spec.alternative)]}
    return {"anyOf": [schema, {"const": ""}]} if spec.can_be_empty else schema


def _plain_schema(spec: Spec) -> dict[str, Any]:
    if spec.kind is Kind.ENUM:
        return {"type": "string", "enum": list(spec.values)}
    if spec.kind is Kind.ARRAY:
        return {"type": "array", "items": _item_schema(spec)}
    if spec.kind is Kind.MAP:
        return {"type": "object", "additionalProperties": _item_schema(spec)}
    if spec.kind is Kind.HASH:
        return {
            "type": "object",
            "properties": {name: _schema(member) for name, member in spec.fields.items()},
            "required": list(spec.required),
            "additionalProperties": False,
        }
    return dict(_SCALARS[spec.kind])


def _item_schema(spec: Spec) -> dict[str, Any]:
    return _schema(spec.item or Spec(kind=Kind.STRING))


def _without(spec: Spec, unsupported: tuple[str, ...]) -> Spec:
    """Leave out what the sandbox refuses by name: parameters, and with a dot the members of one."""
    fields = {name: member for name, member in spec.fields.items() if name not in unsupported}
    for entry in unsupported:
        name, _, member = entry.partition(".")
        if member and name in fields:
            fields[name] = _without_member(fields[name], member)
    return Spec(kind=Kind.HASH, fields=fields, required=tuple(name for name in spec.required if name in fields))


def _without_member(spec: Spec, name: str) -> Spec:
    if spec.kind is Kind.ARRAY and spec.item is not None:
        return Spec(kind=Kind.ARRAY, item=_without(spec.item, (name,)), can_be_empty=spec.can_be_empty)
    return _without(spec, (name,))


def _error_schema() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["message", "type"],
                "properties": {"message": text, "type": text, "code": text, "param": text, "decline_code": text},
            }
        },
    }
