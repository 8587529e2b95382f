"""What a parameter may hold, read from the parameter types of the installed Stripe library."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Union

import typing_extensions
from stripe import _request_options as request_options


class Kind(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    ENUM = "enum"
    HASH = "hash"
    MAP = "map"
    ARRAY = "array"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`alternative`: the scalar a hash may be instead (`created=5` or `created[gte]=5`)."""

    kind: Kind
    values: tuple[str, ...] = ()
    fields: Mapping[str, "Spec"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    item: "Spec | None" = None
    alternative: "Spec | None" = None
    can_be_empty: bool = False


TEXT = Spec(kind=Kind.STRING)
INTEGER = Spec(kind=Kind.INTEGER)
TEXTS = Spec(kind=Kind.ARRAY, item=TEXT)
NOTHING = Spec(kind=Kind.HASH)

_SCALARS = {
    str: Kind.STRING,
    int: Kind.INTEGER,
    float: Kind.NUMBER,
    Decimal: Kind.DECIMAL,
    bool: Kind.BOOLEAN,
}
_LITERALS = (typing.Literal, typing_extensions.Literal)


@cache
def spec_of(params: type) -> Spec:
    """The hash a TypedDict of `stripe.params` describes, without the request options (API key, version …)."""
    # Inherited hints are text that only makes sense beside the request options; StripeContext is not even
    # imported there at run time.
    names = {**vars(request_options), "StripeContext": object}
    hints = typing_extensions.get_type_hints(params, localns=names, include_extras=True)
    options = request_options.RequestOptions.__annotations__
    own = {name: hint for name, hint in hints.items() if name not in options}
    required = tuple(name for name, hint in own.items() if not _is_not_required(hint))
    return Spec(kind=Kind.HASH, fields={name: _read(hint) for name, hint in own.items()}, required=required)


def with_fields(spec: Spec, extra: Mapping[str, Spec], optional: tuple[str, ...] = ()) -> Spec:
    required = tuple(name for name in spec.required if name not in optional)
    return Spec(kind=Kind.HASH, fields={**spec.fields, **extra}, required=required)


def _is_not_required(hint: object) -> bool:
    return typing_extensions.get_origin(hint) is typing_extensions.NotRequired


def _read(hint: Any) -> Spec:  # noqa: ANN401 - a type hint has no type
    origin, arguments = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
    if origin is typing_extensions.NotRequired:
        return _read(arguments[0])
    if origin in {Union, UnionType}:
        return _read_union(arguments)
    if origin in _LITERALS:
        return Spec(kind=Kind.ENUM, values=tuple(map(str, arguments)))
    if origin is list:
        return Spec(kind=Kind.ARRAY, item=_read(arguments[0]))
    if origin is dict:
        return Spec(kind=Kind.MAP, item=_read(arguments[1]))
    if typing_extensions.is_typeddict(hint):
        return spec_of(hint)
    return Spec(kind=_SCALARS.get(hint, Kind.STRING))


def _read_union(arguments: tuple[Any, ...]) -> Spec:
    """`Literal['']` means it can be unset, `Literal[…] | str` is an enum, `X | int` a hash or a number."""
    can_be_empty = any(typing_extensions.get_args(each) == ("",) for each in arguments)
    enums = [each for each in arguments if typing_extensions.get_origin(each) in _LITERALS]
    names = tuple(str(value) for each in enums for value in typing_extensions.get_args(each) if value != "")
    if names:
        return Spec(kind=Kind.ENUM, values=names, can_be_empty=can_be_empty)
    specs = [
        _read(each)
        for each in arguments
        if each not in enums and "UntypedStripeObject" not in str(each) and each is not type(None)
    ]
    main = specs[0]
    alternative = next((each for each in specs[1:] if each.kind is not main.kind), None)
    return Spec(
        kind=main.kind,
        fields=main.fields,
        required=main.required,
        item=main.item,
        alternative=alternative,
        can_be_empty=can_be_empty,
    )
