"""Checks decoded parameters against a spec and turns text into numbers and booleans, with Stripe's errors."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid, unknown
from storefront.devtools.sandbox.api.form_encoding import Tree
from storefront.devtools.sandbox.api.members import member_name
from storefront.devtools.sandbox.api.parameter_checks import require
from storefront.devtools.sandbox.api.parameter_types import Kind, Spec
from storefront.devtools.sandbox.storage.records import Json

MAXIMUM_METADATA_KEYS = 50
TOO_MUCH_METADATA = f"Metadata can have at most {MAXIMUM_METADATA_KEYS} keys."


def validate(tree: Tree, spec: Spec) -> Json:
    """Check in Stripe's order: unknown names first (all of them), then types, then what is missing."""
    names = _unknown_names(tree, spec, "")
    if names:
        raise unknown(names)
    params = _hash(tree, spec, "")
    _check_required(params, spec)
    return params


def _hash_item(spec: Spec) -> Spec | None:
    """Return the spec of an array's items when they are hashes."""
    if spec.kind is Kind.ARRAY and spec.item is not None and spec.item.kind is Kind.HASH:
        return spec.item
    return None


def _check_required(values: Json, spec: Spec, name: str = "") -> None:
    require(values, *spec.required, name=name)
    for member, value in values.items():
        _check_required_below(value, spec.fields[member], member_name(name, member))


def _check_required_below(value: Any, spec: Spec, name: str) -> None:  # noqa: ANN401 - a JSON value
    item_spec = _hash_item(spec)
    if item_spec is not None:
        for place, item in enumerate(value or []):
            _check_required(item, item_spec, f"{name}[{place}]")
    elif spec.kind is Kind.HASH and isinstance(value, dict):
        _check_required(value, spec, name)


def _unknown_names(tree: Tree, spec: Spec, name: str) -> list[str]:
    unknown: list[str] = []
    for member, value in tree.items():
        below = spec.fields.get(member)
        if below is None:
            unknown.append(member_name(name, member))
        elif isinstance(value, dict):
            unknown += _unknown_names_below(value, below, member_name(name, member))
    return unknown


def _unknown_names_below(tree: Tree, spec: Spec, name: str) -> list[str]:
    if spec.kind is Kind.HASH:
        return _unknown_names(tree, spec, name)
    item_spec = _hash_item(spec)
    if item_spec is None:
        return []
    items = {place: item for place, item in tree.items() if isinstance(item, dict)}
    return [text for place, item in items.items() for text in _unknown_names(item, item_spec, f"{name}[{place}]")]


def _hash(tree: Tree, spec: Spec, name: str) -> Json:
    return {key: _value(value, spec.fields[key], member_name(name, key)) for key, value in tree.items()}


def _value(value: str | Tree, spec: Spec, name: str) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict):
        return _structure(value, spec, name)
    return _empty_text(spec, name) if value == "" else _text_value(value, spec, name)


def _text_value(value: str, spec: Spec, name: str) -> Any:  # noqa: ANN401 - a JSON value
    scalar = _SCALARS.get(spec.kind)
    if scalar is not None:
        return scalar(value, spec, name)
    if spec.alternative is not None:
        return _value(value, spec.alternative, name)
    expected = "array" if spec.kind is Kind.ARRAY else "object"
    raise invalid(f"Invalid {expected}", param=name, is_stored=False)


def _empty_text(spec: Spec, name: str) -> str:
    if not spec.can_be_empty:
        raise _empty(name)
    return ""


def _structure(value: Tree, spec: Spec, name: str) -> Any:  # noqa: ANN401 - a JSON value
    if spec.kind is Kind.HASH:
        return _hash(value, spec, name)
    if spec.item is not None and spec.kind is Kind.MAP:
        return _map(value, spec.item, name)
    if spec.item is not None and _is_array(value, spec):
        return _array(value, spec.item, name)
    if spec.alternative is not None:
        return _structure(value, spec.alternative, name)
    raise invalid(f"Invalid {spec.kind}: {value}", param=name, is_stored=False)


def _array(value: Tree, item_spec: Spec, name: str) -> list[Any]:
    return [_value(value[place], item_spec, f"{name}[{place}]") for place in sorted(value, key=int)]


def _is_array(value: Tree, spec: Spec) -> bool:
    return spec.kind is Kind.ARRAY and all(key.isdigit() for key in value)


def _map(value: Tree, item_spec: Spec, name: str) -> Json:
    if name == "metadata" or name.endswith("[metadata]"):
        return _metadata(value, name)
    return {key: _value(member, item_spec, member_name(name, key)) for key, member in value.items()}


def _metadata(value: Tree, name: str) -> Json:
    """Allow 50 keys of 40 characters and values of 500 (https://docs.stripe.com/api/metadata); "" unsets a key."""
    if len(value) > MAXIMUM_METADATA_KEYS:
        raise invalid(TOO_MUCH_METADATA, param=name, is_stored=False)
    for key, text in value.items():
        _check_metadata_entry(key, text, name)
    return dict(value)


def _check_metadata_entry(key: str, text: object, name: str) -> None:
    full_name = member_name(name, key)
    if not isinstance(text, str):
        raise invalid("Metadata values must be strings.", param=full_name, is_stored=False)
    if len(key) > 40:
        raise invalid(f"Metadata keys can be at most 40 characters: {key}", param=name, is_stored=False)
    if len(text) > 500:
        raise invalid(
            "Metadata values can have up to 500 characters.", param=member_name(name, key), is_stored=False
        )


def _text(value: str, spec: Spec, name: str) -> str:
    if len(value) > spec.longest:
        raise invalid(
            f"Invalid string: {value[:20]}…; must be at most {spec.longest} characters",
            param=name,
            code="parameter_invalid_string_too_long",
            is_stored=False,
        )
    return value


def _enum(value: str, spec: Spec, name: str) -> str:
    if value not in spec.values:
        raise invalid(f"Invalid {name}: must be one of {_listed(spec.values)}", param=name, is_stored=False)
    return value


def _boolean(value: str, _spec: Spec, name: str) -> bool:
    if value not in {"true", "false"}:
        raise invalid(f"Invalid boolean: {value}", param=name, is_stored=False)
    return value == "true"


def _integer(value: str, _spec: Spec, name: str) -> int:
    digits = value.removeprefix("-")
    if not digits.isascii() or not digits.isdigit():
        raise invalid(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer", is_stored=False)
    return int(value)


def _number(value: str, _spec: Spec, name: str) -> int | float:
    number = _finite(value, name)
    return int(number) if number == number.to_integral_value() else float(number)


def _decimal(value: str, _spec: Spec, name: str) -> str:
    return format(_finite(value, name).normalize(), "f")


def _finite(value: str, name: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise invalid(f"Invalid decimal: {value}", param=name, is_stored=False)
    return number


_SCALARS: dict[Kind, Callable[[str, Spec, str], str | int | float]] = {
    Kind.STRING: _text,
    Kind.ENUM: _enum,
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.DECIMAL: _decimal,
}


def _listed(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])}, or {values[-1]}"


def _empty(name: str) -> StripeApiError:
    return invalid(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter;"
        f" however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty"
        " value.",
        param=name,
        code="parameter_invalid_empty",
        is_stored=False,
    )
