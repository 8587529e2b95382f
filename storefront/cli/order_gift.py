"""`storefront orders give`: something for free, with a reason."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command("give")
@click.argument("email")
@click.argument("goods", nargs=-1, required=True, metavar="GOODS...")
@click.option("--because", required=True, help="Why; it stays with the order. No key and no address, please.")
@click.option("--quantity", type=click.IntRange(1, 99), default=1, show_default=True, help="Of each.")
@click.option("--again", is_flag=True, help="Also where this very command was given before.")
@as_json
def give_for_free(
    *, email: str, goods: Sequence[str], because: str, quantity: int, again: bool, as_json: bool
) -> None:
    """Make an order that costs nothing, and mail it. GOODS are slugs, or `slug/edition`."""
    from storefront.payments.fulfillment.give import Wish, form_of, give

    wishes = [Wish(name, quantity) for name in goods]
    with open_shop():
        form = form_of(email, wishes, because, again=again)
        given = give(email, wishes, because=because, form=form, again=again)
    line = f"Order {given.number}: an email brings it to {given.email}."
    if not given.is_new:
        line = f"Given before, as order {given.number}. `--again` gives once more."
    print_result(asdict(given), [line], as_json=as_json)
