"""The command itself. Its groups have a file each beside this one; `commands.py` lists them."""

import os

import click

from storefront.cli.commands import SECTIONS
from storefront.cli.devtools_door import devtools_needed
from storefront.cli.lazy_group import LazyGroup
from storefront.core.private_files import keep_files_private


@click.group(cls=LazyGroup, sections=SECTIONS)
@click.option("--local", is_flag=True, help="Act on the shop that `make run` started here.")
def main(local: bool) -> None:
    """Storefront: a shop for files and license keys."""
    keep_files_private()
    if local:
        with devtools_needed():
            from storefront.devtools.local.settings import use_local_settings
        use_local_settings(os.environ)
