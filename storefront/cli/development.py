"""`storefront run` and `storefront seed`: a shop to try out on this machine."""

import os
import sys

import click

from storefront.cli.devtools_door import devtools_needed
from storefront.cli.shop import open_shop


@click.command()
def run() -> None:
    """Start everything on this machine: shop, worker, sandbox, mailbox. No account, no keys."""
    from storefront.cli.make_app import in_sentences

    with devtools_needed():
        from storefront.devtools.local.run import run_local
    with in_sentences():
        sys.exit(run_local(os.environ))


@click.command()
@click.option("--without-pictures", is_flag=True, help="Leave out what takes half a minute; covers are drawn.")
def seed(*, without_pictures: bool) -> None:
    """Put the sample shop into an empty catalog."""
    with devtools_needed():
        from storefront.devtools.samples.seed import seed as seed_whole
        from storefront.devtools.samples.seed import seed_without_pictures
    with open_shop():
        is_new = seed_without_pictures() if without_pictures else seed_whole()
    click.echo(
        "Sample products are in the catalog." if is_new else "The catalog has products already: nothing done."
    )
