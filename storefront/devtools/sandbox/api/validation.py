"""Checks decoded parameters against a spec and turns text into numbers and booleans, with Stripe's errors."""

from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid, missing
from storefront.devtools.sandbox.api.form_encoding import Tree
from storefront.devtools.sandbox.api.parameter_types import Kind, Spec
from storefront.devtools.sandbox.storage.records import Json

MAXIMUM_METADATA_KEYS = 50
TOO_MUCH_METADATA = f"Metadata can have at most {MAXIMUM_METADATA_KEYS} keys."


def validate(tree: Tree, spec: Spec) -> Json:
    """Order as at Stripe: unknown names first (all of them), then types, then what is missing."""
    unknown = _unknown(tree, spec, "")
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        raise invalid(
            f"Received unknown parameter{plural}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
            is_stored=False,
        )
    clean = _hash(tree, spec, "")
    check_required(clean, spec)
    return clean


def check_required(values: Json, spec: Spec, name: str = "") -> None:
    for each in spec.required:
        if each not in values:
            raise missing(_inside(name, each))
    for each, value in values.items():
        below = spec.fields[each]
        if below.kind is Kind.HASH and isinstance(value, dict):
            check_required(value, below, _inside(name, each))
        elif below.kind is Kind.ARRAY and below.item is not None and below.item.kind is Kind.HASH and value:
            for place, item in enumerate(value):
                check_required(item, below.item, f"{_inside(name, each)}[{place}]")


def _inside(name: str, member: str) -> str:
    return f"{name}[{member}]" if name else member


def _unknown(tree: Tree, spec: Spec, name: str) -> list[str]:
    found: list[str] = []
    for key, value in tree.items():
        below = spec.fields.get(key)
        full = _inside(name, key)
        if below is None:
            found.append(full)
        elif isinstance(value, dict):
            if below.kind is Kind.HASH:
                found += _unknown(value, below, full)
            elif below.kind is Kind.ARRAY and below.item is not None and below.item.kind is Kind.HASH:
                for place, item in value.items():
                    if isinstance(item, dict):
                        found += _unknown(item, below.item, f"{full}[{place}]")
    return found


def _hash(tree: Tree, spec: Spec, name: str) -> Json:
    return {key: _value(value, spec.fields[key], _inside(name, key)) for key, value in tree.items()}


def _value(value: str | Tree, spec: Spec, name: str) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict):
        return _structure(value, spec, name)
    if value == "":
        if spec.can_be_empty:
            return ""
        raise _empty(name)
    if spec.kind in {Kind.HASH, Kind.MAP, Kind.ARRAY}:
        if spec.alternative is not None:
            return _value(value, spec.alternative, name)
        expected = "array" if spec.kind is Kind.ARRAY else "object"
        raise invalid(f"Invalid {expected}", param=name, is_stored=False)
    return _scalar(value, spec, name)


def _structure(value: Tree, spec: Spec, name: str) -> Any:  # noqa: ANN401 - a JSON value
    if spec.kind is Kind.HASH:
        return _hash(value, spec, name)
    if spec.kind is Kind.MAP and spec.item is not None:
        if name == "metadata" or name.endswith("[metadata]"):
            return _metadata(value, name)
        return {key: _value(each, spec.item, _inside(name, key)) for key, each in value.items()}
    if spec.kind is Kind.ARRAY and spec.item is not None and all(key.isdigit() for key in value):
        places = sorted(value, key=int)
        return [_value(value[key], spec.item, f"{name}[{key}]") for key in places]
    if spec.alternative is not None:
        return _structure(value, spec.alternative, name)
    raise invalid(f"Invalid {spec.kind}: {value}", param=name, is_stored=False)


def _metadata(value: Tree, name: str) -> Json:
    """https://docs.stripe.com/api/metadata: 50 keys of 40 characters, values of 500; "" unsets a key."""
    if len(value) > MAXIMUM_METADATA_KEYS:
        raise invalid(TOO_MUCH_METADATA, param=name, is_stored=False)
    for key, each in value.items():
        if not isinstance(each, str):
            raise invalid("Metadata values must be strings.", param=_inside(name, key), is_stored=False)
        if len(key) > 40:
            raise invalid(f"Metadata keys can be at most 40 characters: {key}", param=name, is_stored=False)
        if len(each) > 500:
            raise invalid(
                "Metadata values can have up to 500 characters.", param=_inside(name, key), is_stored=False
            )
    return dict(value)


def _scalar(value: str, spec: Spec, name: str) -> Any:  # noqa: ANN401 - a JSON value
    if spec.kind is Kind.ENUM:
        if value not in spec.values:
            raise invalid(f"Invalid {name}: must be one of {_listed(spec.values)}", param=name, is_stored=False)
        return value
    if spec.kind is Kind.BOOLEAN:
        if value not in {"true", "false"}:
            raise invalid(f"Invalid boolean: {value}", param=name, is_stored=False)
        return value == "true"
    if spec.kind is Kind.INTEGER:
        if not value.removeprefix("-").isascii() or not value.removeprefix("-").isdigit():
            raise invalid(
                f"Invalid integer: {value}", param=name, code="parameter_invalid_integer", is_stored=False
            )
        return int(value)
    if spec.kind in {Kind.NUMBER, Kind.DECIMAL}:
        return _number(value, spec, name)
    if len(value) > 5000:
        raise invalid(
            f"Invalid string: {value[:20]}…; must be at most 5000 characters",
            param=name,
            code="parameter_invalid_string_too_long",
            is_stored=False,
        )
    return value


def _number(value: str, spec: Spec, name: str) -> str | int | float:
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise invalid(f"Invalid decimal: {value}", param=name, is_stored=False)
    if spec.kind is Kind.DECIMAL:
        return format(number.normalize(), "f")
    return int(number) if number == number.to_integral_value() else float(number)


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
