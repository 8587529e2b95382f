"""The door that everything a command prints goes through, and what is for programs."""

import io
import json
import sys
import unicodedata
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, TextIO

import click

JOINERS = "\u200c\u200d"

as_json: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")


def print_json(value: object) -> None:
    """Dates in ISO 8601."""
    click.echo(json.dumps(value, indent=2, default=str))


class PlainStream(io.TextIOBase):
    """A terminal obeys what buyers type into their names: nothing leaves here that moves a cursor or turns text.

    Lines and tabs stay; a command that prints one line of somebody's words takes `order_text.plain` for it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what else a stream has
        return getattr(self._stream, name)

    @property
    def encoding(self) -> str:  # type: ignore[override] # an attribute there
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._stream.errors

    def write(self, text: str) -> int:
        return self._stream.write(text if text.isprintable() else "".join(map(_with_lines, text)))

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True


def plain_letter(letter: str) -> str:
    """Itself, or a sign in its place.

    Ordinary are spaces of every width (Japanese names, French amounts) and the joiners of Persian names and emoji.
    """
    is_ordinary = letter.isprintable() or unicodedata.category(letter) == "Zs" or letter in JOINERS
    return letter if is_ordinary else "\ufffd"


def _with_lines(letter: str) -> str:
    return letter if letter in "\n\t" else plain_letter(letter)


class PlainGroup(click.Group):
    """Every command below it, and every refusal, prints through the door."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in click
        with redirect_stdout(PlainStream(sys.stdout)), redirect_stderr(PlainStream(sys.stderr)):
            return super().main(*args, **kwargs)
