"""`storefront orders`: find one, see it whole, decide on it, refund it, give its buyer the link."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import click

from storefront.cli import order_text
from storefront.cli.order_actions import raise_order_limit, resend_order
from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.core import money
from storefront.core.errors import StorefrontError
from storefront.orders import decide as decisions
from storefront.orders.access import Reason
from storefront.orders.lookup import get_order
from storefront.orders.models import Decision
from storefront.owner.history.newest import find_newest
from storefront.owner.history.order import OrderHistory, order_url, read_history
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.refund import refund_order

STATES = [reason.value for reason in Reason if reason is not Reason.ITEM_REFUNDED]
REASONS = ["requested_by_customer", "duplicate", "fraudulent"]  # https://docs.stripe.com/api/refunds/create


@click.group()
def orders() -> None:
    """Orders: find, see whole, decide, refund. NUMBER may be a cs_… or pi_… id, too."""


@contextmanager
def _shop() -> Iterator[None]:
    """The shop; a refusal ends the command with its sentence."""
    with open_shop():
        try:
            yield
        except StorefrontError as error:
            raise click.ClickException(order_text.plain(error.message)) from error


@orders.command()
@click.argument("number")
@click.option("--keys", "with_keys", is_flag=True, help="License keys whole, not only their last letters.")
@as_json
def show(number: str, with_keys: bool, as_json: bool) -> None:
    """One order whole: what was bought and handed out, what works now, and everything that happened."""
    with _shop():
        history = read_history(get_order(number), with_keys=with_keys)
    if as_json:
        print_json(order_text.to_json(history))
    else:
        click.echo(order_text.to_text(history))


@orders.command("list")
@click.option("--email", help="Only orders of this address.")
@click.option("--state", type=click.Choice(STATES), metavar="STATE", help=f"Only in one of: {', '.join(STATES)}.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="The newest so many.")
@as_json
def list_orders(email: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """The newest orders, newest first."""
    with _shop():
        newest = find_newest(limit=limit, email=email, state=Reason(state) if state else None)
    if as_json:
        print_json([order_text.listed_to_json(order) for order in newest.orders])
        return
    for order in newest.orders:
        total = money.format_money(order.total_minor, order.currency)
        line = f"{order.number}  {order.placed_at:%Y-%m-%d %H:%M}  {total:>10}  {order.state.value}  {order.email}"
        click.echo(order_text.plain(line))
    if newest.more:
        click.echo(f"{newest.more} more: --limit {limit + newest.more} shows them.")
    if not newest.orders:
        click.echo("No orders." if email is None and state is None else "No such orders.")


@orders.command()
@click.argument("number")
@click.argument("decision", type=click.Choice([decision.value for decision in Decision]))
@click.option("--because", default="", help="Kept in the order's timeline; no key and no address, please.")
@as_json
def decide(number: str, decision: str, because: str, as_json: bool) -> None:
    """Your word on one order: withdraw it, allow it whatever the payment says, or follow_payment again."""
    with _shop():
        decided = decisions.decide(number, Decision(decision), because=because)
        if as_json:
            reasons = {"before": decided.before.reason, "now": decided.now.reason}
            print_json({"number": get_order(number).number, **reasons})
        else:
            click.echo(f"Before: {order_text.in_words(decided.before)}")
            click.echo(f"Now:    {order_text.in_words(decided.now)}")
        # What the decision settles leaves the owner's list; without Stripe's answer it stands all the same.
        try:
            fulfill_checkout(get_order(number).checkout_session_id, Look.NOW)
        except StorefrontError as error:
            click.echo(
                f"The decision stands. The list of what needs you was not renewed: {error.message}", err=True
            )


@orders.command()
@click.argument("number")
@as_json
def link(number: str, as_json: bool) -> None:
    """The buyer's own page of an order. Whoever has the link sees its keys: give it to the buyer only."""
    with _shop():
        order = get_order(number)
        found = {"number": order.number, "url": order_url(order)}
    if as_json:
        print_json(found)
    else:
        click.echo(found["url"])


@orders.command()
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
    with _shop():
        made = refund_order(number, amount=amount, positions=positions, reason=reason, again=again)
        history = read_history(get_order(number))
    if as_json:
        print_json({"refund": asdict(made), "order": order_text.to_json(history)})
        return
    amount_made = money.format_money(made.amount_minor, made.currency)
    click.echo(f"Refund of {amount_made} for order {history.number}: {made.status} ({made.id}).")
    if made.counts:
        click.echo(f"A mail tells {history.email}.")
    _print_what_works(history)


def _print_what_works(history: OrderHistory) -> None:
    refunded = money.format_money(history.refunded_minor, history.currency)
    total = money.format_money(history.total_minor, history.currency)
    click.echo(f"Refunded so far: {refunded} of {total}.")
    click.echo(f"The order: {order_text.order_in_words(history)}")
    for item in history.items:
        if item.access != history.access:
            click.echo(
                order_text.plain(f"Item {item.position}, {item.description}: {order_text.in_words(item.access)}")
            )


orders.add_command(resend_order)
orders.add_command(raise_order_limit)
