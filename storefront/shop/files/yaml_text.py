"""Front matter in YAML: every value is the text that stands there, and nothing in it is code, or expands.

PyYAML's events are read, not its objects: so 1.10 and no stay what they are, lines are known, and a bomb of
aliases or of brackets is refused at its first line.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from storefront.shop.files.mistakes import Mistakes
from storefront.shop.files.nodes import Items, Node, Scalar, Table

DEEPEST = 6  # product, editions, one of them, prices
FENCE = "---"
# YAML breaks lines at these, too, or leaves them out.
ODD = re.compile("[\u0085\u2028\u2029\ufeff]")
STRING, SEQUENCE, MAPPING = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


class Plain(str):
    """A value that is written without quotes, whatever YAML takes it for: a number, a date, yes or no."""

    __slots__ = ()


class _Unreadable(Exception):
    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


def split_front_matter(text: str) -> tuple[str | None, str]:
    """Return what stands between two lines of `---` at the top, or None without these, and what is below."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        return None, text
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :])
    return None, text


def read_yaml(text: str, file: str, mistakes: Mistakes, *, first_line: int) -> Table | None:
    """Return a table of texts; None where nothing can be said of it but its mistake."""
    reader = _Reader(text, file, mistakes, first_line)
    try:
        return reader.read()
    except _Unreadable as problem:
        mistakes.add(file, problem.line, str(problem))
    except yaml.reader.ReaderError as error:
        line = first_line + text.count("\n", 0, error.position)
        mistakes.add(file, line, f"a character that cannot be shown (U+{error.character:04X}): take it out.")
    except yaml.MarkedYAMLError as error:
        row = _row_of(error)
        mistakes.add(file, first_line + row, _explain(error, text, row))
    return None


def _row_of(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line if mark else 0


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.text


def _explain(error: yaml.MarkedYAMLError, text: str, row: int) -> str:
    lines = text.split("\n")
    line = lines[row] if row < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or "\\t" in str(error.problem):
        return "there is a tab: indent with spaces."
    return (
        f"this is no YAML ({error.problem}): indent alike what belongs together, and put a value with a colon "
        "or # in it into quotes."
    )


class _Reader:
    def __init__(self, text: str, file: str, mistakes: Mistakes, first_line: int) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._file = file
        self._mistakes = mistakes
        self._first_line = first_line

    def read(self) -> Table:
        node: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and (event.explicit or node is not None):
                raise _Unreadable(self._line(event), "there is one block of fields: take the line of --- out.")
            if isinstance(event, yaml.NodeEvent):
                node = self._node(event, 1)
        if node is None or _is_empty(node):
            return Table(line=self._first_line)
        if not isinstance(node, Table):
            raise _Unreadable(node.line, "write a field on each line, like name: Tidy Tool.")
        return node

    def _line(self, event: yaml.Event) -> int:
        return self._first_line + (event.start_mark.line if event.start_mark else 0)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = self._line(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Unreadable(line, "& and * refer to other places in YAML: write it out, or put it in quotes.")
        if getattr(event, "tag", None):
            raise _Unreadable(line, "! makes a tag in YAML: put the value in quotes.")
        if depth > DEEPEST:
            raise _Unreadable(line, "lists and fields are nested too deep here.")
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(nodes=tuple(self._items(depth)), line=line)
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(line, depth)
        return Scalar(text=str(getattr(event, "value", "")), line=line)

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, depth + 1)

    def _table(self, line: int, depth: int) -> Table:
        table = Table(line=line)
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            name = self._node(event, depth + 1)
            node = self._node(next(self._events), depth + 1)
            if not isinstance(name, Scalar):
                raise _Unreadable(name.line, "a field has a name of one word.")
            if name.text in table.nodes:
                first = table.lines[name.text]
                self._mistakes.add(self._file, name.line, f"{name.text} stands on line {first} already: keep one.")
                continue
            table.nodes[name.text] = node
            table.lines[name.text] = name.line
        return table


class _Dumper(yaml.SafeDumper):
    """Indents lists below their names, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        super().increase_indent(flow, False)


def write_yaml(fields: dict[str, Any]) -> str:
    """Return fields as YAML: the same ones always as the same text."""
    resolver = yaml.resolver.Resolver()
    text: str = yaml.serialize(
        _to_node(fields, resolver), Dumper=_Dumper, allow_unicode=True, width=100_000, encoding=None
    )
    return text


def _to_node(value: Any, resolver: Any) -> yaml.Node:  # noqa: ANN401 - a tree of dicts, lists and texts
    if isinstance(value, dict):
        pairs = [(_to_node(name, resolver), _to_node(entry, resolver)) for name, entry in value.items()]
        return yaml.MappingNode(MAPPING, pairs, flow_style=not pairs)
    if isinstance(value, list):
        return yaml.SequenceNode(SEQUENCE, [_to_node(entry, resolver) for entry in value], flow_style=not value)
    if isinstance(value, Plain):
        return yaml.ScalarNode(resolver.resolve(yaml.ScalarNode, str(value), (True, False)), str(value))
    return _text_node(value)


def _text_node(text: str) -> yaml.Node:
    if ODD.search(text):
        return yaml.ScalarNode(STRING, text, style='"')
    if "\n" in text:
        return yaml.ScalarNode(STRING, f"{text}\n", style="|")
    return yaml.ScalarNode(STRING, text)
