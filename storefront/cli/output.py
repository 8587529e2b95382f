"""What commands print: lines for people, or JSON for programs."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import click

from storefront.cli.terminal import plain

T = TypeVar("T")
as_json: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")


def only_given(options: Mapping[str, T | None]) -> dict[str, T]:
    """Return the options that were typed, by name."""
    return {name: value for name, value in options.items() if value is not None}


def changed_line(changed: Iterable[str]) -> str:
    return f"Changed: {', '.join(changed) or 'nothing: it says all that already'}."


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, default=str))


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print each as one line: the words of a buyer that are in it start no other one."""
    for line in lines:
        click.echo(plain(line), err=err)


def print_result(value: object, lines: Iterable[str], *, as_json: bool, if_none: str = "") -> None:
    """Print the value as JSON where a program asks, else the lines, or `if_none` where there are none."""
    if as_json:
        print_json(value)
        return
    shown = list(lines)
    if if_none and not shown:
        shown = [if_none]
    print_lines(shown)


def to_json_value(value: Any) -> Any:  # noqa: ANN401 - whatever a dataclass holds
    """Return the fields of a dataclass (from `asdict`) with times in ISO 8601."""
    if isinstance(value, dict):
        return {name: to_json_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
