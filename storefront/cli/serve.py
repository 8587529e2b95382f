"""`storefront serve`: this process becomes the web server."""

import os
import sys

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes; each has WEB_THREADS threads.")
def serve(host: str, port: int, workers: int) -> None:
    """Start the web server."""
    from storefront.cli.granian_command import server_command
    from storefront.cli.make_app import make_app
    from storefront.core.config.settings import ROOT
    from storefront.core.runtime import runtime
    from storefront.web.slow_bodies import THREADS

    app = make_app()
    os.chdir(ROOT)
    settings = runtime(app).settings
    # concurrent_requests.py in delivery/downloads bounds what is worked on, web/slow_bodies.py what waits.
    threads = settings.web_threads + settings.download_threads + THREADS
    command = server_command(
        "wsgi:app", host=host, port=port, workers=workers, threads=threads, as_json=settings.log_json
    )
    os.execv(sys.executable, command)  # noqa: S606 - our own command line; signals reach the server itself
