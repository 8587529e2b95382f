"""Form bodies and query strings with brackets, as Stripe's libraries and command line write them."""

import hashlib
from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

# A value is text, or a hash whose keys may be the numbers of an array; the parameter's type tells which.
Tree = dict[str, Any]


class SentFile(str):
    """A file of a form of several parts. As a text it is the digest of its bytes, so that the same is the same."""

    __slots__ = ("content", "filename")
    content: bytes
    filename: str


def sent_file(content: bytes, filename: str) -> SentFile:
    file = SentFile(hashlib.sha256(content).hexdigest())
    file.content, file.filename = content, filename
    return file


def decode(text: str) -> Tree:
    return nest(parse_qsl(text, keep_blank_values=True))


def nest(pairs: Iterable[tuple[str, str]]) -> Tree:
    """Read `a[b][0]=x`, `a[]=x` and repeated `a[]=x`; the order of pairs does not matter for numbered keys."""
    tree: Tree = {}
    for name, value in pairs:
        first, *rest = name.split("[")
        path = [first, *(part.removesuffix("]") for part in rest)]
        _put(tree, path, value)
    return tree


def _put(tree: Tree, path: list[str], value: str) -> None:
    branch = tree
    for part, below in pairwise(path):
        branch = _descend(branch, part or _array_place(branch, below))
    branch[path[-1] or str(len(branch))] = value


def _descend(branch: Tree, key: str) -> Tree:
    """Return the hash under this key; text that stands there gives way."""
    below = branch.get(key)
    if not isinstance(below, dict):
        below = branch[key] = {}
    return below


def _array_place(array: Tree, member: str) -> str:
    """Return the place for `items[][price]=…`: a new item when the last one already has that member."""
    if not array:
        return "0"
    last = str(len(array) - 1)
    item = array.get(last)
    is_next = isinstance(item, dict) and bool(member) and member in item
    return str(len(array)) if is_next else last
