"""Reads members of parameters that may be missing, empty or unset."""

from collections.abc import Iterable
from typing import Any

from storefront.devtools.sandbox.storage.records import Json


def member_name(name: str, member: str) -> str:
    """Return a member's full name as Stripe writes it, `line_items[0][price]`; `name` may be empty."""
    return f"{name}[{member}]" if name else member


def copied(params: Json, names: Iterable[str]) -> Json:
    """Return the named members, null where missing."""
    return {name: params.get(name) for name in names}


def hash_of(body: Json, name: str) -> Json:
    """Return a hash inside of another one, empty where there is none."""
    return body.get(name) or {}


def list_of(body: Json, name: str) -> list[Any]:
    """Return a list inside of a hash, empty where there is none."""
    return body.get(name) or []


def inner(body: Json, outer: str, name: str, otherwise: Any = None) -> Any:  # noqa: ANN401 - a JSON value
    """Return a member of a member; `otherwise` where there is none, as where the outer one is null."""
    return hash_of(body, outer).get(name, otherwise)


def filled(body: Json, names: Iterable[str]) -> Json:
    """Return the named members that say something, without what is missing or empty."""
    return {name: body[name] for name in names if body.get(name)}


def copied_or_null(params: Json | None, names: Iterable[str]) -> Json:
    """Return the named members, null where missing or empty; `params` itself may be missing."""
    given = params or {}
    return {name: given.get(name) or None for name in names}
