"""`storefront orders resend|raise-limit`: what a buyer on the phone asks for."""

from dataclasses import asdict

import click

from storefront.buyers.library.resend import resend
from storefront.cli.order_text import plain
from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.delivery.downloads.counting import raise_limit


@click.command("resend")
@click.argument("number")
@click.option("--to", help="Another address: the order moves there, with its keys, devices and link.")
@click.option("--new-link", is_flag=True, help="The order gets another link; the old one stops working.")
@as_json
def resend_order(number: str, to: str | None, new_link: bool, as_json: bool) -> None:
    """Send the receipt again. Every file may be downloaded once more."""
    with open_shop():
        done = resend(number, to=to, new_link=new_link)
    if as_json:
        print_json(asdict(done))
        return
    if done.has_moved:
        click.echo(plain(f"Order {done.number} belongs to {done.email} now, with its keys and devices."))
    if done.not_sent:
        click.echo(f"There is no receipt to send yet: {done.not_sent}")
    elif done.was_sent_lately:
        click.echo(plain(f"This mail was sent to {done.email} within the hour already; it is not sent twice."))
    else:
        click.echo(plain(f"A mail brings order {done.number} to {done.email}."))


@click.command("raise-limit")
@click.argument("number")
@click.option("--downloads", type=click.IntRange(0, 1000), default=1, show_default=True, help="More of each file.")
@click.option("--days", type=click.IntRange(0, 3650), default=0, show_default=True, help="More days.")
@as_json
def raise_order_limit(number: str, downloads: int, days: int, as_json: bool) -> None:
    """Let a buyer download more often, or for longer."""
    with open_shop():
        raised = raise_limit(number, downloads=downloads, days=days)
    if as_json:
        print_json({"number": number, "grants": raised, "downloads": downloads, "days": days})
        return
    if not raised:
        click.echo("This order has nothing to download.")
        return
    click.echo(f"{downloads} more downloads of each file, {days} more days.")
