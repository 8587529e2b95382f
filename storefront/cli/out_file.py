"""A file that a command writes: whole, or as it was before."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a file beside the target, which takes its place at the end: a run that failed leaves what was there.

    What is no ordinary file, such as /dev/stdout or a pipe, is written where it is.
    """
    with _in_a_sentence(target):
        if target.exists() and not target.is_file():
            yield target
            return
        target = target.resolve()  # a link stays one
        beside = target.with_name(f".storefront-{secrets.token_hex(8)}")
        beside.touch(exist_ok=False)
        try:
            yield beside
            if target.exists():
                shutil.copymode(target, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def _in_a_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written ({error.strerror or error}).") from error
