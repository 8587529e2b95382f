"""Checks of the JSON that tests and people send to the control API: numbers and names of members."""

from collections.abc import Collection, Mapping
from typing import TypeGuard


def is_whole_number(value: object) -> TypeGuard[int]:
    """Tell a number from a boolean, which Python counts among the integers."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, float) or is_whole_number(value)


def refuse_unknown_members(given: Mapping[str, object], known: Collection[str]) -> None:
    """Raise ValueError that names every member that is not known."""
    unknown = set(given) - set(known)
    if unknown:
        raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
