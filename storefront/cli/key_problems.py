"""Keys that an owner types or brings in a file, and what is said of those that cannot be used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from storefront.cli.output import print_json
from storefront.cli.terminal import plain
from storefront.delivery.licenses.pools.key_files import MAX_BYTES, KeyFile, one_key, read_keys
from storefront.delivery.licenses.pools.refusal import KeysRefused

MOST_PROBLEMS = 50  # shown; --json has all


def read_file_or_key(text: str, column: str | None) -> KeyFile:
    if text == "-" or os.path.isfile(text):  # noqa: PTH113 - Path's raises where a key is too long for a name
        with click.open_file(text, "rb") as file:
            return read_keys(file.read(MAX_BYTES + 1), column=column, as_is=True)  # damaged ones are what goes
    return one_key(text)


@contextmanager
def naming_problems(*, as_json: bool) -> Iterator[None]:
    """Print every line that cannot be used, then end the command with 1."""
    try:
        yield
    except KeysRefused as error:
        if as_json:
            print_json({error.done: 0, "problems": [asdict(problem) for problem in error.problems]})
        else:
            _print_problems(error)
        raise click.exceptions.Exit(1) from error


def _print_problems(error: KeysRefused) -> None:
    for problem in error.problems[:MOST_PROBLEMS]:
        click.echo(plain(f"line {problem.number}: {problem.text}"), err=True)
    if len(error.problems) > MOST_PROBLEMS:
        click.echo(f"and {len(error.problems) - MOST_PROBLEMS} more: --json shows all.", err=True)
    click.echo(error.message, err=True)
