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
    path = folder / NAME
    if path.is_file():
        with path.open() as file:
            _lock(file, folder, fcntl.LOCK_SH)


@contextmanager
def hold_folder(folder: Path, address: str) -> Iterator[None]:
    """Keep the folder while the shop runs. The system gives it back however this process ends.

    Raises:
        click.ClickException: another shop runs in it; the sentence says which process, and where it answers.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise unwritable(folder, error) from error
    with file:
        _lock(file, folder, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"process {os.getpid()}, {address}")
        file.flush()
        yield


def _lock(file: IO[str], folder: Path, kind: int) -> None:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        raise click.ClickException(
            f"The shop of {folder} runs already: {file.read().strip() or 'it is just starting'}. "
            "End it with Ctrl-C there, or choose another folder: STOREFRONT_DATA=FOLDER make run"
        ) from error


def unwritable(folder: Path, error: OSError) -> click.ClickException:
    return click.ClickException(
        f"{folder} cannot be written: {error.strerror}. Choose another folder: STOREFRONT_DATA=FOLDER make run"
    )
