"""The command itself. Its groups have a file each beside this one; `commands.py` lists them."""

import os
import platform

import click

from storefront.cli.commands import SECTIONS
from storefront.cli.devtools_door import devtools_needed
from storefront.cli.lazy_group import LazyGroup
from storefront.core.private_files import keep_files_private


def _say_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    """Say what a question about the shop is asked with: the code's version, its schema, and Python's."""
    if not is_asked or context.resilient_parsing:
        return
    from storefront.core.version import code_version
    from storefront.migrations.head import head

    click.echo(f"storefront {code_version()}, schema {head()}, Python {platform.python_version()}")
    context.exit()


@click.group(cls=LazyGroup, sections=SECTIONS)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_say_version, help="Say it and exit."
)
@click.option("--local", is_flag=True, help="Act on the shop that `make run` started here.")
def main(local: bool) -> None:
    """Storefront: a shop for files and license keys."""
    keep_files_private()
    if local:
        with devtools_needed():
            from storefront.devtools.local.settings import use_local_settings
        use_local_settings(os.environ)
