"""The environment's settings, for commands: what is wrong with them is listed, and ends the command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from storefront.core.config.settings import Settings, SettingsError, load_settings, read_environment


def read_settings() -> Settings:
    with listing_problems():
        return load_settings(read_environment())


@contextmanager
def listing_problems() -> Iterator[None]:
    """End the command with every line to mend."""
    try:
        yield
    except SettingsError as error:
        click.echo("The settings are not complete:", err=True)
        for problem in error.problems:
            click.echo(f"  - {problem}", err=True)
        sys.exit(2)
