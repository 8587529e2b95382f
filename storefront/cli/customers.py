"""`storefront customers`: what a person may ask the shop for: their data, its end, another address."""

import json
from dataclasses import asdict

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop
from storefront.cli.terminal import plain


@click.group()
def customers() -> None:
    """Addresses that bought, or that left a checkout and agreed to be reminded of it."""


@customers.command("export")
@click.argument("email")
def export(email: str) -> None:
    """Print everything the shop knows of an address, as JSON."""
    from storefront.buyers.account.export import export_address

    with open_shop():
        click.echo(json.dumps(export_address(email), indent=2, ensure_ascii=False))


@customers.command("stop-offers")
@click.argument("email")
@as_json
def stop_offers(email: str, as_json: bool) -> None:
    """Send a buyer no more news and offers. Only the buyer can agree to them again."""
    from storefront.buyers.offers.agree import stop_offers_of

    with open_shop():
        stopped = stop_offers_of(email)
    line = f"{plain(email)} gets no {'more ' * stopped}news and offers."
    print_result({"email": email, "stopped": stopped}, [line], as_json=as_json)


@customers.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--even-in-dispute", is_flag=True, help="Also what you would answer in a dispute that is open.")
@as_json
def erase(email: str, yes: bool, even_in_dispute: bool, as_json: bool) -> None:
    """Erase a customer's personal data. Orders stay, as tax law asks; keys keep working. It cannot be undone."""
    from storefront.buyers.account.erase import InDispute, check_is_known, erase_address

    with open_shop():
        check_is_known(email)
        if not yes:
            click.confirm(
                plain(f"Erase all personal data of {email}? It cannot be undone."), abort=True, err=as_json
            )
        try:
            erased = erase_address(email, even_in_dispute=even_in_dispute)
        except InDispute as error:
            how = "With --even-in-dispute what you would answer the bank goes as well."
            raise click.ClickException(f"{error.message} {how}") from error
    lines = [
        f"{erased.orders} orders, {erased.devices} devices, {erased.mails} mails name nobody now.",
        *([f"What was left at Checkout is deleted ({erased.checkouts})."] if erased.checkouts else []),
        "Stripe keeps its own record: the Dashboard can redact it.",
    ]
    print_result(asdict(erased), lines, as_json=as_json)


@customers.command("move")
@click.argument("email")
@click.argument("new_email")
@as_json
def move(email: str, new_email: str, as_json: bool) -> None:
    """Give everything bought with an address to another one: for who cannot read the old one any more.

    Buyers do it themselves on their account's page when they can read both.
    """
    from storefront.buyers.account.change_address import move_customer

    with open_shop():
        moved = move_customer(email, new_email)
    line = f"{moved} orders belong to {new_email} now. `storefront orders resend` mails their links."
    print_result({"orders": moved, "email": new_email}, [line], as_json=as_json)
