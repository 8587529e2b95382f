"""`storefront customers`: what a person may ask the shop for: their data, its end, another address."""

import json
from dataclasses import asdict

import click

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.erase import erase_customer
from storefront.buyers.account.export import export_customer
from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.cli.terminal import plain
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.customers.models import Customer
from storefront.customers.unproven import find_known


def _get_customer(email: str) -> Customer:
    found = find_known(email)
    if found is None:
        raise NotFound(f"Nobody bought with {email} in {settings().mode} mode.")
    return found


@click.group()
def customers() -> None:
    """Addresses that bought."""


@customers.command("export")
@click.argument("email")
def export(email: str) -> None:
    """Print everything the shop knows of a customer, as JSON."""
    with open_shop():
        click.echo(json.dumps(export_customer(_get_customer(email).id), indent=2, ensure_ascii=False))


@customers.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def erase(email: str, yes: bool, as_json: bool) -> None:
    """Erase a customer's personal data. Orders stay, as tax law asks; keys keep working. It cannot be undone."""
    with open_shop():
        customer_id = _get_customer(email).id
        if not yes:
            click.confirm(
                plain(f"Erase all personal data of {email}? It cannot be undone."), abort=True, err=as_json
            )
        done = erase_customer(customer_id)
    if as_json:
        print_json(asdict(done))
        return
    click.echo(f"{done.orders} orders, {done.devices} devices, {done.mails} mails name nobody now.")
    click.echo("Stripe keeps its own record: the Dashboard can redact it.")


@customers.command("move")
@click.argument("email")
@click.argument("new_email")
@as_json
def move(email: str, new_email: str, as_json: bool) -> None:
    """Give everything bought with an address to another one: for who cannot read the old one any more.

    Buyers do it themselves on their account's page when they can read both.
    """
    with open_shop():
        moved = move_customer(email, new_email)
    if as_json:
        print_json({"orders": moved, "email": new_email})
        return
    click.echo(plain(f"{moved} orders belong to {new_email} now. `storefront orders resend` mails their links."))
