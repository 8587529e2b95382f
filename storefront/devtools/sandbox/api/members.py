"""Reads members of parameters that may be missing, empty or unset."""

from collections.abc import Iterable

from storefront.devtools.sandbox.storage.records import Json


def member_name(name: str, member: str) -> str:
    """Return a member's full name as Stripe writes it, `line_items[0][price]`; `name` may be empty."""
    return f"{name}[{member}]" if name else member


def copied(params: Json, names: Iterable[str]) -> Json:
    """Return the named members, null where missing."""
    return {name: params.get(name) for name in names}


def copied_or_null(params: Json | None, names: Iterable[str]) -> Json:
    """Return the named members, null where missing or empty; `params` itself may be missing."""
    given = params or {}
    return {name: given.get(name) or None for name in names}
