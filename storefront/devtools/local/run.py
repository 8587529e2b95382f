"""Starts the local shop, waits for its end and stops it."""

from collections.abc import Mapping

import click

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.devtools.local.admin_link import make_admin_link
from storefront.devtools.local.end import End
from storefront.devtools.local.ports import HOST, Ports, read_ports
from storefront.devtools.local.programs import Running, commands, start, stop, wait_until_ready, watch
from storefront.devtools.local.settings import build_environment, data_folder, keep_settings
from storefront.devtools.samples.seed import seed
from storefront.migrations import schema


def run_local(environ: Mapping[str, str]) -> int:
    """Run until Ctrl-C, SIGTERM or SIGHUP, or until one of the programs ends; return the exit code."""
    ports = read_ports(environ)
    end = End()
    environment = build_environment(environ, ports)
    admin_link = _prepare_database(environment)
    keep_settings(environ, environment)
    environment["SANDBOX_SECRET_KEY"] = environment["STRIPE_SECRET_KEY"]
    environment["SANDBOX_PUBLISHABLE_KEY"] = environment["STRIPE_PUBLISHABLE_KEY"]
    running: Running = {}
    end.has_programs = True
    try:
        for name, command in commands(ports, environment, data_folder(environ)).items():
            running[name] = start(command, environment)
        return _stay_up(f"{environment['BASE_URL']}/readyz", ports, running, end, admin_link)
    finally:
        stop(running)


def _prepare_database(environment: Mapping[str, str]) -> str:
    """Return the token of a link that signs in to /admin."""
    app = create_app(load_settings(environment))
    schema.upgrade(app)
    with app.app_context():
        seed()
        return make_admin_link()


def _stay_up(url: str, ports: Ports, running: Running, end: End, admin_link: str) -> int:
    if wait_until_ready(url, running, end):
        _print_addresses(ports, admin_link)
        name_of_ended = watch(running, end)
        if name_of_ended is not None:
            click.echo(f"The {name_of_ended} ended by itself; stopping the rest.", err=True)
            return 1
    click.echo("\nStopping.")
    return 0


def _print_addresses(ports: Ports, admin_link: str) -> None:
    click.echo(
        f"""
  Shop      http://{HOST}:{ports.shop}
  Admin     http://localhost:{ports.shop}/admin/link/{admin_link}   signs you in, once
  Mailbox   http://{HOST}:{ports.mailbox}   every mail the shop sends
  Sandbox   http://{HOST}:{ports.sandbox}  the local Stripe: events, deliveries, bank debits

  Pay with 4242 4242 4242 4242, any future date, any CVC. No money moves. Ctrl-C stops everything.
"""
    )
