"""shop.toml: read with the lines of its names, written always alike."""

import json
import re
import tomllib
from typing import Any

from storefront.shop.files.mistakes import Mistakes
from storefront.shop.files.nodes import Items, Node, Scalar, Table

AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def read_toml(text: str, file: str, mistakes: Mistakes) -> Table | None:
    """Return a table of texts; None where nothing can be said of it but its mistake."""
    try:
        values = tomllib.loads(text, parse_float=str)  # 1.10 stays what it is
    except tomllib.TOMLDecodeError as error:
        line = _line_of(error) or text.count("\n") + 1
        problem = AT_LINE.sub("", str(error))
        mistakes.add(file, line, f'this is no TOML ({problem}): write it like name = "My shop", texts in quotes.')
        return None
    except RecursionError:
        mistakes.add(file, 1, "lists are nested too deep here.")
        return None
    node = _to_node(values, text.split("\n"), 1)
    return node if isinstance(node, Table) else None


def _line_of(error: tomllib.TOMLDecodeError) -> int | None:
    match = AT_LINE.search(str(error))
    return int(match[1]) if match and match[1] else None


def _to_node(value: Any, lines: list[str], line: int) -> Node:  # noqa: ANN401 - whatever TOML knows
    if isinstance(value, dict):
        places = {name: _find_line(name, lines, line) for name in value}
        return Table(
            nodes={name: _to_node(entry, lines, places[name]) for name, entry in value.items()},
            lines=places,
            line=line,
        )
    if isinstance(value, list):
        return Items(nodes=tuple(_to_node(entry, lines, line) for entry in value), line=line)
    if isinstance(value, bool):
        return Scalar(text=str(value).lower(), line=line)
    return Scalar(text=str(value), line=line)


def _find_line(name: str, lines: list[str], start: int) -> int:
    """Return where a name stands, at or below this line; that line itself where it is not to be seen."""
    quoted = rf"(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')"
    written = re.compile(rf"(?:^|[\s{{,.\[]){quoted}\s*(?:=|\.|\])")
    for number, line in enumerate(lines[start - 1 :], start=start):
        if written.search(line):
            return number
    return start


def write_toml(fields: dict[str, Any]) -> str:
    """Return fields as TOML: texts, whole numbers, yes and no, lists of texts, and tables of these at the end."""
    plain = {name: value for name, value in fields.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in fields.items() if isinstance(value, dict)}
    text = "".join(f"{name} = {_write(value)}\n" for name, value in plain.items())
    for name, table in tables.items():
        text += f"\n[{name}]\n{write_toml(table)}"
    return text


def _write(value: Any) -> str:  # noqa: ANN401 - see write_toml
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_write, value))}]"
    if "\n" in value:
        return '"""\n' + "\n".join(map(_escape, value.split("\n"))) + '"""'
    return f'"{_escape(value)}"'


def _escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")
