"""What a parameter may hold, read from the parameter types of the installed Stripe library."""

import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    """`alternative`: the scalar a hash may be instead (`created=5` or `created[gte]=5`).

    `longest`: how many characters a text has at most.
    """

    kind: Kind
    values: tuple[str, ...] = ()
    fields: Mapping[str, "Spec"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    item: "Spec | None" = None
    alternative: "Spec | None" = None
    can_be_empty: bool = False
    longest: int = 5000


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
    """Return the hash a TypedDict of `stripe.params` describes, without the request options (API key …)."""
    # Inherited hints are text that only makes sense beside the request options; StripeContext is not even
    # imported there at run time.
    names = {**vars(request_options), "StripeContext": object}
    hints = typing_extensions.get_type_hints(params, localns=names, include_extras=True)
    for option in request_options.RequestOptions.__annotations__:
        hints.pop(option, None)
    required = tuple(name for name, hint in hints.items() if not _is_not_required(hint))
    return Spec(kind=Kind.HASH, fields={name: _read(hint) for name, hint in hints.items()}, required=required)


def with_fields(spec: Spec, extra: Mapping[str, Spec], optional: tuple[str, ...] = ()) -> Spec:
    required = tuple(name for name in spec.required if name not in optional)
    return Spec(kind=Kind.HASH, fields={**spec.fields, **extra}, required=required)


def with_longer(spec: Spec, names: Iterable[str], longest: int) -> Spec:
    """Return the hash with more room in these texts: the library's types do not say how long they may be."""
    return with_fields(spec, {name: replace(spec.fields[name], longest=longest) for name in names})


def _is_not_required(hint: object) -> bool:
    return typing_extensions.get_origin(hint) is typing_extensions.NotRequired


def _read(hint: Any) -> Spec:  # noqa: ANN401 - a type hint has no type
    origin, arguments = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
    reader = _READERS.get(origin)
    if reader is not None:
        return reader(arguments)
    if typing_extensions.is_typeddict(hint):
        return spec_of(hint)
    return Spec(kind=_SCALARS.get(hint, Kind.STRING))


def _read_literal(arguments: tuple[Any, ...]) -> Spec:
    return Spec(kind=Kind.ENUM, values=tuple(map(str, arguments)))


def _read_union(arguments: tuple[Any, ...]) -> Spec:
    """Read a union: with `Literal['']` it can be unset, `Literal[…] | str` is an enum, `X | int` may be either."""
    literals = [argument for argument in arguments if typing_extensions.get_origin(argument) in _LITERALS]
    can_be_empty = any(typing_extensions.get_args(literal) == ("",) for literal in literals)
    values = _non_empty_values(literals)
    if values:
        return Spec(kind=Kind.ENUM, values=values, can_be_empty=can_be_empty)
    main, *others = [_read(argument) for argument in arguments if _is_read(argument, literals)]
    return replace(main, alternative=_other_kind(main, others), can_be_empty=can_be_empty)


def _non_empty_values(literals: list[Any]) -> tuple[str, ...]:
    values = [value for literal in literals for value in typing_extensions.get_args(literal)]
    return tuple(str(value) for value in values if value != "")


def _is_read(argument: Any, literals: list[Any]) -> bool:  # noqa: ANN401 - a type hint has no type
    """Tell what a union may be besides its literals, None and the library's own objects."""
    is_library_object = "UntypedStripeObject" in str(argument)
    return not is_library_object and argument not in literals and argument is not type(None)


def _other_kind(main: Spec, others: list[Spec]) -> Spec | None:
    return next((other for other in others if other.kind is not main.kind), None)


_READERS: dict[Any, Callable[[tuple[Any, ...]], Spec]] = {
    typing_extensions.NotRequired: lambda arguments: _read(arguments[0]),
    Union: _read_union,
    UnionType: _read_union,
    typing.Literal: _read_literal,
    typing_extensions.Literal: _read_literal,
    list: lambda arguments: Spec(kind=Kind.ARRAY, item=_read(arguments[0])),
    dict: lambda arguments: Spec(kind=Kind.MAP, item=_read(arguments[1])),
}
