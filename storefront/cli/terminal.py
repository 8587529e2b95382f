"""The door that everything a command prints goes through: nothing in it moves a terminal's cursor."""

import errno
import io
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO

import click

JOINERS = "\u200c\u200d"  # of Persian names and emoji
REPLACEMENT = "\ufffd"
GAPS = "\r\n\t"  # of a text with several lines
STDOUT, STDERR = 1, 2


def plain(text: str) -> str:
    """Return the text as one line that a terminal only shows: a buyer's name may hold commands for it."""
    return text if text.isprintable() else "".join(map(_plain_letter, text))


def _plain_letter(letter: str) -> str:
    """Keep spaces of every width (Japanese names, French amounts) and joiners, though none counts as printable."""
    if letter in GAPS:
        return " "
    is_harmless = letter.isprintable() or unicodedata.category(letter) == "Zs" or letter in JOINERS
    return letter if is_harmless else REPLACEMENT


def plain_lines(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(letter if letter in "\n\t" else _plain_letter(letter) for letter in text)


class PlainStream(io.TextIOBase):
    """Wraps a stream; ends of lines and tabs stay as they are.

    `ends_command`: not of a log, which a worker goes on without until its disk has room again.
    """

    def __init__(self, stream: TextIO, *, ends_command: bool = False) -> None:
        self._stream = stream
        self._ends_command = ends_command
        self._lost: click.ClickException | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what else a stream has
        return getattr(self._stream, name)

    @property
    def encoding(self) -> str:  # type: ignore[override] # an attribute there
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._stream.errors

    def write(self, text: str) -> int:
        if self._lost:  # click tries with nothing before, and passes over that
            raise self._lost
        with self._in_a_sentence():
            return self._stream.write(plain_lines(text))

    def flush(self) -> None:
        """As its end does, too, which can come after the stream's: nothing is left to write then."""
        if not self._stream.closed:
            with self._in_a_sentence():
                self._stream.flush()

    @contextmanager
    def _in_a_sentence(self) -> Iterator[None]:
        """A full disk ends the command. A reader that is gone does so too, and click says nothing of it."""
        try:
            yield
        except OSError as error:
            if not self._ends_command:
                raise
            with suppress(OSError):  # what waits to be written must not fail again at the end
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            if error.errno == errno.EPIPE:
                raise
            self._lost = click.ClickException(
                f"What this command prints cannot be written ({error.strerror}). What it has done by then stays."
            )
            raise self._lost from error

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True


class ClosedStream(io.TextIOWrapper):
    """Stands for a stream that was closed before Python began, which has none then (`>&-`)."""

    def write(self, text: str) -> int:  # noqa: ARG002 - as of any stream
        raise OSError(errno.EBADF, "it is closed")


def _open_stdout() -> TextIO:
    return sys.stdout or ClosedStream(_occupy(STDOUT), encoding="utf-8")


def _open_stderr() -> TextIO:
    return sys.stderr or io.TextIOWrapper(_occupy(STDERR), encoding="utf-8")


def _occupy(number: int) -> io.BufferedWriter:
    """Lead a closed number nowhere: the next file that is opened, such as the database, would get it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
    return os.fdopen(number, "wb", closefd=False)


class PlainGroup(click.Group):
    """Every command below it, and every refusal, prints through the door."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in click
        out, errors = PlainStream(_open_stdout(), ends_command=True), PlainStream(_open_stderr())
        with redirect_stdout(out), redirect_stderr(errors):
            return super().main(*args, **kwargs)
