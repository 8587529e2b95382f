"""`storefront figures`: what was sold and what is left of it, as the home page of /admin shows it."""

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command()
@click.option("--span", default="", help="today, 7, 30, month or year. Not given: 30 days.")
@click.option("--first", default="", help="The first day, like 2026-11-01.")
@click.option("--last", default="", help="The last day. Not given: the first alone.")
@as_json
def figures(span: str, first: str, last: str, as_json: bool) -> None:
    """Orders, discounts, tax, refunds, fees and net by currency, in the shop's time zone."""
    from storefront.cli.figures_text import figures_lines, figures_to_json
    from storefront.owner.figures.read import read_figures
    from storefront.owner.figures.spans import read_span
    from storefront.shop.profile.zone import shop_zone, today

    with open_shop():
        read = read_figures(read_span(span, first, last, today=today(shop_zone())))
    print_result(figures_to_json(read), list(figures_lines(read)), as_json=as_json)
