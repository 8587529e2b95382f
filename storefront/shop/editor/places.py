"""Moves one thing of a list that an owner puts in order. What the page showed is told by a digest of the order."""

from collections.abc import Sequence
from typing import TypeVar

from storefront.shop.editor.refusals import StaleOrder
from storefront.shop.editor.stale import digest_of

Key = int | str
Thing = TypeVar("Thing")


def digest_of_order(keys: Sequence[Key]) -> str:
    """Return what a form carries along to tell later whether things still stand as it showed them."""
    return digest_of(list(keys))


def check_order(keys: Sequence[Key], shown: str | None, *, what: str, key: Key, position: int) -> None:
    """Refuse a move in a list that is not as it was shown. `shown` is None for a command, which saw nothing.

    Raises:
        StaleOrder: somebody else changed the list meanwhile.
    """
    if shown is not None and shown != digest_of_order(keys):
        raise StaleOrder(what=what, key=key, position=position)


def move_within(
    things: list[Thing], thing: Thing, position: int, *, keys: Sequence[Key], what: str, shown: str | None = None
) -> tuple[int, int] | None:
    """Move a thing to a place of its list: 1 is the first, and beyond the end is the end.

    `keys` name the things in their order, `what` says in words which one is moved.
    Returns the places before and after; None where it stands there, however old the page is that asks.

    Raises:
        StaleOrder: somebody else changed the list meanwhile.
    """
    before, after = things.index(thing) + 1, min(position, len(things))
    if before == after:
        return None
    check_order(keys, shown, what=what, key=keys[before - 1], position=after)
    things.remove(thing)
    things.insert(after - 1, thing)
    return before, after
