"""`storefront orders refund`: money goes back, and what it paid for is closed."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from storefront.cli.order_text import access_line, history_to_json, order_access_line
from storefront.cli.output import as_json, print_json, print_lines
from storefront.cli.shop import open_shop
from storefront.core import money
from storefront.orders.lookup import get_order
from storefront.owner.history.order import OrderHistory, read_history
from storefront.payments.fulfillment.refund import refund_order

REASONS = ["requested_by_customer", "duplicate", "fraudulent"]  # https://docs.stripe.com/api/refunds/create


@click.command()
@click.argument("number")
@click.option("--amount", help="So much, like 5.00; without it what is left, or the whole price of the items.")
@click.option("--item", "positions", type=click.IntRange(1), multiple=True, metavar="N", help="Closes this item.")
@click.option("--reason", type=click.Choice(REASONS), help="For Stripe and its figures.")
@click.option("--again", is_flag=True, help="Also if it equals an earlier refund of this order.")
@as_json
def refund(
    *, number: str, amount: str | None, positions: Sequence[int], reason: str | None, again: bool, as_json: bool
) -> None:
    """Give money back through Stripe. Everything is closed by a full refund, an item by one that names it."""
    with open_shop(says_try_again=False):
        made = refund_order(number, amount=amount, positions=positions, reason=reason, again=again)
        history = read_history(get_order(number))
    if as_json:
        print_json({"refund": asdict(made), "order": history_to_json(history)})
        return
    amount_made = money.format_money(made.amount_minor, made.currency)
    click.echo(f"Refund of {amount_made} for order {history.number}: {made.status} ({made.id}).")
    if made.counts:
        click.echo(f"A mail tells {history.email}.")
    print_lines(_what_works(history))


def _what_works(history: OrderHistory) -> Iterator[str]:
    refunded = money.format_money(history.refunded_minor, history.currency)
    total = money.format_money(history.total_minor, history.currency)
    yield f"Refunded so far: {refunded} of {total}."
    yield f"The order: {order_access_line(history)}"
    for item in history.items:
        if item.access != history.access:
            yield f"Item {item.position}, {item.description}: {access_line(item.access)}"
