"""What stands inside of Stripe's answers, where it may be missing or null."""

from typing import Any


def part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object inside of another one, empty where Stripe has none."""
    return raw.get(name) or {}


def rows(raw: dict[str, Any], name: str) -> list[Any]:
    """Return a list inside of an object, empty where Stripe has none."""
    return raw.get(name) or []
