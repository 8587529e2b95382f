"""The command itself, and what starts and feeds a shop. Other groups have a file each beside this one."""

import logging
import os
import sys

import click

from storefront.cli import order_actions as _order_care  # noqa: F401 - adds to `orders`
from storefront.cli.customers import customers
from storefront.cli.events import events
from storefront.cli.keys import keys
from storefront.cli.mail import mail
from storefront.cli.needs_you import needs_you
from storefront.cli.orders import orders
from storefront.cli.output import PlainGroup
from storefront.cli.payment_links import payment_link
from storefront.cli.products import products
from storefront.cli.reconcile import reconcile
from storefront.cli.releases import releases
from storefront.cli.server import server_command
from storefront.cli.shop import in_sentences, make_app, open_shop
from storefront.cli.signing_keys import signing_keys
from storefront.cli.status import status
from storefront.core.config.settings import ROOT, Settings
from storefront.core.private_files import keep_files_private
from storefront.devtools.local.run import run_local
from storefront.devtools.local.settings import use_local_settings
from storefront.devtools.mailbox.cli import mailbox
from storefront.devtools.samples.seed import seed as seed_catalog
from storefront.devtools.sandbox.cli import sandbox
from storefront.migrations import schema
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.web.slow_bodies import THREADS
from storefront.worker import run_worker


@click.group(cls=PlainGroup)
@click.option("--local", is_flag=True, help="Act on the shop that `make run` started here.")
def main(local: bool) -> None:
    """Storefront: a shop for files and license keys."""
    keep_files_private()
    if local:
        use_local_settings(os.environ)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes; each has WEB_THREADS threads.")
def serve(host: str, port: int, workers: int) -> None:
    """Start the web server."""
    app = make_app()
    os.chdir(ROOT)
    found: Settings = app.extensions["settings"]
    # What is worked on at once is bounded in delivery/downloads/gate.py, what is waited for in web/slow_bodies.py.
    threads = found.web_threads + found.download_threads + THREADS
    command = server_command(
        "wsgi:app", host=host, port=port, workers=workers, threads=threads, as_json=found.log_json
    )
    os.execv(sys.executable, command)  # noqa: S606 - our own command line; signals reach the server itself


@main.command()
def worker() -> None:
    """Start the worker: mails, retries, schedules."""
    run_worker(make_app(log_level=logging.INFO))


@main.command()
def run() -> None:
    """Start everything on this machine: shop, worker, sandbox, mailbox. No account, no keys."""
    sys.exit(run_local(os.environ))


@main.command()
def seed() -> None:
    """Put sample products into an empty catalog."""
    with open_shop():
        done = seed_catalog()
    click.echo(
        "Sample products are in the catalog." if done else "The catalog has products already: nothing done."
    )


@main.command()
@click.argument("session_id")
def fulfill(session_id: str) -> None:
    """Look again at one Checkout Session (cs_…) and hand out what was paid for."""
    with open_shop():
        outcome = fulfill_checkout(session_id, Look.NOW)
    click.echo(outcome.value)


@main.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Apply the migrations that are missing."""
    app = make_app()
    with in_sentences():
        schema.upgrade(app)


main.add_command(sandbox)
main.add_command(mailbox)
main.add_command(mail)
main.add_command(payment_link)
main.add_command(reconcile)
main.add_command(products)
main.add_command(releases)
main.add_command(keys)
main.add_command(signing_keys)
main.add_command(orders)
main.add_command(customers)
main.add_command(needs_you)
main.add_command(status)
main.add_command(events)
