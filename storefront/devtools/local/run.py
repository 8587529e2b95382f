"""Starts the local shop, waits for its end and stops it."""

from collections.abc import Mapping

import click

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.delivery.licenses.seal_keys import seal_new_shop
from storefront.devtools.local.admin_link import make_admin_link
from storefront.devtools.local.end import End
from storefront.devtools.local.guard import Guard
from storefront.devtools.local.one_at_a_time import demand_free, hold_folder
from storefront.devtools.local.pictures import Pictures
from storefront.devtools.local.ports import HOST, Ports, read_ports
from storefront.devtools.local.programs import Running, commands, start, stop, wait_until_ready, watch
from storefront.devtools.local.settings import build_environment, data_folder, keep_settings
from storefront.migrations import schema


def run_local(environ: Mapping[str, str]) -> int:
    """Run until Ctrl-C, SIGTERM or SIGHUP, or until one of the programs ends; return the exit code."""
    folder = data_folder(environ)
    demand_free(folder)
    ports = read_ports(environ)
    with hold_folder(folder, f"http://{HOST}:{ports.shop}"):
        return _run(environ, ports)


def _run(environ: Mapping[str, str], ports: Ports) -> int:
    end = End()
    environment = build_environment(environ, ports)
    pictures = Pictures(create_app(load_settings(environment)), data_folder(environ))
    admin_link = _prepare_database(pictures)
    keep_settings(environ, environment)
    environment["SANDBOX_SECRET_KEY"] = environment["STRIPE_SECRET_KEY"]
    environment["SANDBOX_PUBLISHABLE_KEY"] = environment["STRIPE_PUBLISHABLE_KEY"]
    running: Running = {}
    guard = Guard()
    end.has_programs = True
    try:
        for name, command in commands(ports, environment, data_folder(environ)).items():
            running[name] = start(command, environment)
            guard.watch(running[name].pid)
        return _stay_up(ports, running, end, admin_link, pictures)
    finally:
        stop(running)
        guard.leave()


def _prepare_database(pictures: Pictures) -> str:
    """Return the token of a link that signs in to /admin."""
    schema.upgrade(pictures.app)
    with pictures.app.app_context():
        seal_new_shop()
        pictures.seed_without_them()
        return make_admin_link()


def _stay_up(ports: Ports, running: Running, end: End, admin_link: str, pictures: Pictures) -> int:
    if wait_until_ready(f"http://{HOST}:{ports.shop}/readyz", running, end):
        _print_addresses(ports, admin_link)
        pictures.start_adding()
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
