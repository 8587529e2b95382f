"""One local shop for each folder: a second one would work on the same database, with other ports and settings."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

NAME = "running"


def demand_free(folder: Path) -> None:
    """Look without leaving anything behind. Raises click.ClickException as `hold_folder` does."""
    try:
        file = (folder / NAME).open()
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(folder, error) from error
    with file:
        _lock(file, folder, fcntl.LOCK_SH)


@contextmanager
def hold_folder(folder: Path, address: str) -> Iterator[None]:
    """Keep the folder while the shop runs. The system gives it back however this process ends.

    Raises:
        click.ClickException: another shop runs in it (the sentence says which process, and where it answers), or
            nothing can be written into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise unwritable(folder, error) from error
    with file:
        _lock(file, folder, fcntl.LOCK_EX)
        _say_who(file, folder, f"process {os.getpid()}, {address}")
        yield


def _say_who(file: IO[str], folder: Path, words: str) -> None:
    """Write past Python's buffer: what a full disk refuses would be tried again, and fail again, at the end."""
    try:
        file.truncate(0)
        os.write(file.fileno(), words.encode())
    except OSError as error:
        raise unwritable(folder, error) from error


def _lock(file: IO[str], folder: Path, kind: int) -> None:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise click.ClickException(
            f"The shop of {folder} runs already: {file.read().strip() or 'it is just starting'}. "
            "End it with Ctrl-C there, or choose another folder: STOREFRONT_DATA=FOLDER make run"
        ) from error
    except OSError as error:  # some network folders know no locks
        raise unwritable(folder, error) from error


def unwritable(folder: Path, error: OSError) -> click.ClickException:
    return click.ClickException(
        f"{folder} cannot be written: {error.strerror}. Choose another folder: STOREFRONT_DATA=FOLDER make run"
    )
