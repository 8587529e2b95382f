"""The `storefront` command: thin entry points that call the same functions as the pages."""

import os
import sys

import click
from flask import Flask

from storefront.app import create_app
from storefront.catalog.seed import seed as seed_catalog
from storefront.config import ROOT, SettingsError, load_settings, read_environment
from storefront.errors import StorefrontError
from storefront.fulfillment.fulfill import Look, fulfill_checkout
from storefront.local import run_local
from storefront.logs import set_up_logs
from storefront.migrations import schema
from storefront.sandbox.cli import sandbox
from storefront.sandbox.mailbox.cli import mailbox
from storefront.stripe_gateway import FOR_WORKERS, set_up_gateway
from storefront.worker import run_worker


def make_app() -> Flask:
    """The shop with the environment's settings; wrong ones end the command with every line to mend."""
    try:
        settings = load_settings(read_environment())
    except SettingsError as error:
        click.echo("The settings are not complete:", err=True)
        for problem in error.problems:
            click.echo(f"  - {problem}", err=True)
        sys.exit(2)
    set_up_logs(as_json=settings.log_json)
    app = create_app(settings)
    set_up_gateway(app, settings, FOR_WORKERS)
    return app


def server_command(target: str, *, host: str, port: int, workers: int, threads: int) -> list[str]:
    """The web server's command line; the benchmarks serve what they compare with the same one."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    # Errors only: at its start granian warns that 8 threads are many for few cores; most of ours wait for Stripe.
    command += ["--workers", str(workers), "--blocking-threads", str(threads), "--no-ws", "--log-level", "error"]
    return [*command, "--workers-kill-timeout", "10", "--backpressure", str(threads * 16), target]


@click.group()
def main() -> None:
    """Storefront: a shop for files and license keys."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes; each has WEB_THREADS threads.")
def serve(host: str, port: int, workers: int) -> None:
    """Start the web server."""
    app = make_app()
    os.chdir(ROOT)
    threads = app.extensions["settings"].web_threads
    command = server_command("wsgi:app", host=host, port=port, workers=workers, threads=threads)
    os.execv(sys.executable, command)  # noqa: S606 - our own command line; signals reach the server itself


@main.command()
def worker() -> None:
    """Start the worker: mails, retries, schedules."""
    run_worker(make_app())


@main.command()
def run() -> None:
    """Start everything on this machine: shop, worker, sandbox, mailbox. No account, no keys."""
    sys.exit(run_local(os.environ))


@main.command()
def seed() -> None:
    """Put sample products into an empty catalog."""
    with make_app().app_context():
        done = seed_catalog()
    click.echo(
        "Sample products are in the catalog." if done else "The catalog has products already: nothing done."
    )


@main.command()
@click.argument("session_id")
def fulfill(session_id: str) -> None:
    """Look again at one Checkout Session (cs_…) and hand out what was paid for."""
    with make_app().app_context():
        try:
            outcome = fulfill_checkout(session_id, Look.NOW)
        except StorefrontError as error:
            raise click.ClickException(error.message) from error
    click.echo(outcome.value)


@main.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Apply the migrations that are missing."""
    schema.upgrade(make_app())


main.add_command(sandbox)
main.add_command(mailbox)
