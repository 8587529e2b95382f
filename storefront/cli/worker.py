"""`storefront worker`: this process becomes the worker."""

import click


@click.command()
def worker() -> None:
    """Start the worker: mails, retries, schedules."""
    import logging

    from storefront.app import load_late_parts
    from storefront.cli.make_app import make_app
    from storefront.core.garbage import keep_what_is_loaded
    from storefront.worker import run_worker

    app = make_app(log_level=logging.INFO)
    load_late_parts(app)
    keep_what_is_loaded()
    run_worker(app)
