"""Form bodies and query strings with brackets, as Stripe's libraries and command line write them."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

# A value is text, or a hash whose keys may be the numbers of an array; the parameter's type tells which.
Tree = dict[str, Any]


def decode(text: str) -> Tree:
    return nest(parse_qsl(text, keep_blank_values=True))


def nest(pairs: Iterable[tuple[str, str]]) -> Tree:
    """`a[b][0]=x`, `a[]=x` and repeated `a[]=x`; the order of the pairs does not matter for numbered keys."""
    tree: Tree = {}
    for name, value in pairs:
        first, *rest = name.split("[")
        path = [first, *(part.removesuffix("]") for part in rest)]
        _put(tree, path, value)
    return tree


def _put(tree: Tree, path: list[str], value: str) -> None:
    here = tree
    for place, part in enumerate(path[:-1]):
        below = path[place + 1]
        key = part or _array_place(here, below)
        following = here.get(key)
        if not isinstance(following, dict):
            following = {}
            here[key] = following
        here = following
    here[path[-1] or str(len(here))] = value


def _array_place(array: Tree, member: str) -> str:
    """`items[][price]=…` starts a new item when the last one already has that member."""
    if not array:
        return "0"
    last = str(len(array) - 1)
    holder = array.get(last)
    return str(len(array)) if isinstance(holder, dict) and member and member in holder else last
