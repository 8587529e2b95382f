"""`storefront products link`: what is copied to sell a product from other sites. As /admin/products/…/links."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.owner.products.buy_links import BuyLinks


@click.command()
@click.argument("slug")
@click.option("--code", default="", help="A discount code in the link.")
@click.option("--quantity", type=click.IntRange(1, 99), default=1, show_default=True, help="How many it buys.")
@as_json
def link(slug: str, code: str, quantity: int, as_json: bool) -> None:
    """Links and buttons that sell it from other sites, for each edition and currency."""
    from storefront.owner.products.buy_links import read_buy_links

    with open_shop():
        links = read_buy_links(slug, code=code, quantity=quantity)
    print_result(asdict(links), _lines(links), as_json=as_json)


def _lines(links: "BuyLinks") -> Iterator[str]:
    yield from links.troubles
    if links.links:
        yield f"Once on each page: {links.script}"
    for each in links.links:
        yield f"{each.edition}, {each.price}"
        yield f"  {each.url}"
        yield f"  {each.button}"
    yield f"Sites that may show the checkout: {', '.join(links.sites) or 'none'}"
