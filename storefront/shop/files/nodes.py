"""What stands in a file, each with its line: texts, lists and tables. No value is anything but text yet."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    nodes: "tuple[Node, ...]"
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`lines` are those of the names."""

    nodes: "dict[str, Node]" = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    line: int = 1


Node = Scalar | Items | Table


def text_of(node: Node | None, otherwise: str = "") -> str:
    """Return a text without the spaces around it; `otherwise` where there is none, or a list or table."""
    return node.text.strip() if isinstance(node, Scalar) else otherwise


def unknown_name(name: str, known: Iterable[str]) -> str:
    """Return a sentence for a name that nothing is called by."""
    names = list(known)
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]}?" if near else f"these are known: {', '.join(names)}."
    return f"{name!r} is no field here: {advice}"
