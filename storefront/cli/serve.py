"""`storefront serve`: this process becomes the web server, or stays above it."""

import os
import signal
import sys

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes; each has WEB_THREADS threads.")
@click.option("--with-worker", is_flag=True, help="The worker as well; when one of the two ends, both do.")
def serve(host: str, port: int, workers: int, *, with_worker: bool) -> None:
    """Start the web server."""
    # Not the whole shop: its processes load it, and doing that here as well would nearly double the start.
    from storefront.cli.granian_command import server_command, spare_memory
    from storefront.cli.read_settings import listing_problems, read_settings
    from storefront.web.slow_bodies import THREADS

    settings = read_settings()
    if not settings.is_folder:
        from storefront.core.storage import open_storage

        with listing_problems():
            open_storage(settings)
    os.chdir(settings.home)
    # concurrent_requests.py in delivery/downloads bounds what is worked on, web/slow_bodies.py what waits.
    threads = settings.web_threads + settings.download_threads + THREADS
    command = server_command(
        "storefront.wsgi:app", host=host, port=port, workers=workers, threads=threads, as_json=settings.log_json
    )
    spare_memory(os.environ)
    worker = {"worker": [sys.executable, "-m", "storefront", "worker"]} if with_worker else {}
    if worker or _ends_with_terminal():
        from storefront.cli.together import run_together

        sys.exit(run_together({"web server": command, **worker}))
    os.execv(sys.executable, command)  # noqa: S606 - our own command line; signals reach the server itself


def _ends_with_terminal() -> bool:
    """Tell whether somebody started it by hand, without `nohup`. At a closed terminal granian only begins anew."""
    try:
        os.tcgetpgrp(0)
    except (OSError, AttributeError):  # no terminal, or none that ends us; and Windows
        return False
    return signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
