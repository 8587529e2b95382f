"""`storefront worker`: this process becomes the worker."""

import click


@click.command()
def worker() -> None:
    """Start the worker: mails, retries, schedules."""
    import gc
    import logging

    from storefront.app import load_late_parts
    from storefront.cli.make_app import make_app
    from storefront.worker import run_worker

    app = make_app(log_level=logging.INFO)
    load_late_parts(app)
    gc.freeze()  # as in wsgi.py
    run_worker(app)
