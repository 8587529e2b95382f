"""`storefront orders refund`: money goes back, and what it paid for is closed."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from storefront.cli.choices import REFUND_REASONS, ROW_ID
from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command()
@click.argument("number")
@click.option("--amount", help="So much, like 5.00; without it what is left, or the whole price of the items.")
@click.option("--item", "positions", type=ROW_ID, multiple=True, metavar="N", help="Closes this item.")
@click.option("--reason", type=click.Choice(REFUND_REASONS), help="For Stripe and its figures.")
@click.option("--again", is_flag=True, help="Also if it equals an earlier refund of this order.")
@as_json
def refund(
    *, number: str, amount: str | None, positions: Sequence[int], reason: str | None, again: bool, as_json: bool
) -> None:
    """Give money back through Stripe. Everything is closed by a full refund, an item by one that names it."""
    from storefront.cli.order_text import history_to_json
    from storefront.cli.refund_text import refund_lines
    from storefront.orders.lookup import get_order
    from storefront.owner.history.order import read_history
    from storefront.payments.fulfillment.refund import RefundedBefore, refund_order

    with open_shop(says_try_again=False):
        try:
            refunded = refund_order(number, amount=amount, positions=positions, reason=reason, again=again)
        except RefundedBefore as error:
            raise RefundedBefore(f"{error.message} If you mean another one, add --again.") from error
        history = read_history(get_order(number))
    value = {"refund": asdict(refunded), "order": history_to_json(history)}
    print_result(value, refund_lines(refunded, history), as_json=as_json)
