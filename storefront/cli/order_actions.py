"""`storefront orders resend|raise-limit`: what a buyer on the phone asks for."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.buyers.library.resend import Resent


@click.command("resend")
@click.argument("number")
@click.option("--to", help="Another address: the order moves there, with its keys, devices and link.")
@click.option("--new-link", is_flag=True, help="The order gets another link; the old one stops working.")
@as_json
def resend_order(number: str, to: str | None, new_link: bool, as_json: bool) -> None:
    """Send the receipt again. Every file may be downloaded once more."""
    from storefront.buyers.library.resend import resend

    with open_shop():
        resent = resend(number, to=to, new_link=new_link)
    print_result(asdict(resent), _lines(resent), as_json=as_json)


def _lines(resent: "Resent") -> Iterator[str]:
    if resent.has_moved:
        yield f"Order {resent.number} belongs to {resent.email} now, with its keys and devices."
    if resent.not_sent:
        yield f"There is no receipt to send yet: {resent.not_sent}"
    elif resent.was_sent_lately:
        yield f"This mail was sent to {resent.email} within the hour already; it is not sent twice."
    else:
        yield f"A mail brings order {resent.number} to {resent.email}."


@click.command("raise-limit")
@click.argument("number")
@click.option("--downloads", type=click.IntRange(0, 1000), default=1, show_default=True, help="More of each file.")
@click.option("--days", type=click.IntRange(0, 3650), default=0, show_default=True, help="More days.")
@as_json
def raise_order_limit(number: str, downloads: int, days: int, as_json: bool) -> None:
    """Let a buyer download more often, or for longer."""
    from storefront.delivery.downloads.counting import raise_limit
    from storefront.delivery.downloads.raised_words import say_raised

    with open_shop():
        grants = raise_limit(number, downloads=downloads, days=days)
        line = say_raised(number, downloads=downloads, days=days)
    value = {"number": number, "grants": grants, "downloads": downloads, "days": days}
    print_result(value, [line if grants else "This order has nothing to download."], as_json=as_json)
