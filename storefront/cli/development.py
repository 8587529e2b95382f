"""`storefront run` and `storefront seed`: a shop to try out on this machine."""

import os
import sys

import click

from storefront.cli.devtools_door import devtools_needed
from storefront.cli.shop import open_shop


@click.command()
def run() -> None:
    """Start everything on this machine: shop, worker, sandbox, mailbox. No account, no keys."""
    with devtools_needed():
        from storefront.devtools.local.run import run_local
    sys.exit(run_local(os.environ))


@click.command()
def seed() -> None:
    """Put sample products into an empty catalog."""
    with devtools_needed():
        from storefront.devtools.samples.seed import seed as add_sample_products
    with open_shop():
        is_new = add_sample_products()
    click.echo(
        "Sample products are in the catalog." if is_new else "The catalog has products already: nothing done."
    )
