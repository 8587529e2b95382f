"""`storefront worker`: this process becomes the worker."""

import logging

import click

from storefront.cli.shop import make_app
from storefront.worker import run_worker


@click.command()
def worker() -> None:
    """Start the worker: mails, retries, schedules."""
    run_worker(make_app(log_level=logging.INFO))
