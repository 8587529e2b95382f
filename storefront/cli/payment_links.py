"""`storefront payment-link`: addresses that sell without a cart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.stripe_api.seen import SeenLink


@click.group("payment-link")
def payment_link() -> None:
    """Addresses that sell without a cart, for a mail, a post or a button elsewhere."""


@payment_link.command()
@click.argument("prices", nargs=-1, required=True, metavar="PRICE...")
@click.option("--quantity", type=click.IntRange(1, 99), default=1, show_default=True, help="Of each line.")
@click.option("--adjustable", is_flag=True, help="The buyer may change the quantity.")
@click.option("--ref", default="", help="What its orders say of where their buyers came from, like spring-letter.")
@as_json
def create(prices: Sequence[str], quantity: int, adjustable: bool, ref: str, as_json: bool) -> None:
    """Make a link over one line for each PRICE: a product's slug, `slug/Edition`, or a price id."""
    from storefront.payments.checkout.payment_links import create_link

    with open_shop():
        link = create_link(prices, quantity=quantity, adjustable=adjustable, ref=ref)
    print_result(_to_json(link), [link.url], as_json=as_json)


@payment_link.command("list")
@as_json
def show(as_json: bool) -> None:
    """This shop's links that can be paid, newest first."""
    from storefront.payments.checkout.payment_links import list_links

    with open_shop():
        links = list_links()
    print_result(
        [_to_json(link) for link in links],
        [f"{link.id}  {link.url}" for link in links],
        as_json=as_json,
        if_none="No links yet. `storefront payment-link create PRICE` makes one.",
    )


def _to_json(link: "SeenLink") -> dict[str, object]:
    return {"id": link.id, "url": link.url, "active": link.is_active}


@payment_link.command()
@click.argument("link", metavar="ADDRESS_OR_ID")
def close(link: str) -> None:
    """Let nobody pay through a link any more. What was bought stays."""
    from storefront.payments.checkout.payment_links import close_link

    with open_shop():
        closed = close_link(link)
    click.echo(f"{closed.url} sells nothing any more.")
