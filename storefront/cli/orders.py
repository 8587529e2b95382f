"""`storefront orders`: find one, see it whole, decide on it, give its buyer the link."""

from dataclasses import asdict

import click

from storefront.cli.order_actions import raise_order_limit, resend_order
from storefront.cli.order_refund import refund
from storefront.cli.order_text import access_line, history_to_json, history_to_text
from storefront.cli.output import as_json, print_json, print_result, to_json_value
from storefront.cli.shop import open_shop
from storefront.core import money
from storefront.core.errors import StorefrontError
from storefront.orders import decide as decisions
from storefront.orders.access import Reason
from storefront.orders.lookup import get_order
from storefront.orders.models import Decision
from storefront.owner.history.newest import ListedOrder, find_newest
from storefront.owner.history.order import order_url, read_history
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout

STATES = [reason.value for reason in Reason if reason is not Reason.ITEM_REFUNDED]


@click.group()
def orders() -> None:
    """Orders: find, see whole, decide, refund. NUMBER may be a cs_… or pi_… id, too."""


orders.add_command(refund)
orders.add_command(resend_order)
orders.add_command(raise_order_limit)


@orders.command()
@click.argument("number")
@click.option("--keys", "with_keys", is_flag=True, help="License keys whole, not only their last letters.")
@as_json
def show(number: str, with_keys: bool, as_json: bool) -> None:
    """One order whole: what was bought and handed out, what works now, and everything that happened."""
    with open_shop(says_try_again=False):
        history = read_history(get_order(number), with_keys=with_keys)
    print_result(history_to_json(history), history_to_text(history), as_json=as_json)


@orders.command("list")
@click.option("--email", help="Only orders of this address.")
@click.option("--state", type=click.Choice(STATES), metavar="STATE", help=f"Only in one of: {', '.join(STATES)}.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="The newest so many.")
@as_json
def list_orders(email: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """The newest orders, newest first."""
    with open_shop(says_try_again=False):
        newest = find_newest(limit=limit, email=email, state=Reason(state) if state else None)
    lines = [_line(order) for order in newest.orders]
    if newest.more:
        lines.append(f"{newest.more} more: --limit {limit + newest.more} shows them.")
    nothing = "No orders." if email is None and state is None else "No such orders."
    print_result(
        [to_json_value(asdict(order)) for order in newest.orders], lines, as_json=as_json, if_none=nothing
    )


def _line(order: ListedOrder) -> str:
    total = money.format_money(order.total_minor, order.currency)
    return f"{order.number}  {order.placed_at:%Y-%m-%d %H:%M}  {total:>10}  {order.state.value}  {order.email}"


@orders.command()
@click.argument("number")
@click.argument("decision", type=click.Choice([decision.value for decision in Decision]))
@click.option("--because", default="", help="Kept in the order's timeline; no key and no address, please.")
@as_json
def decide(number: str, decision: str, because: str, as_json: bool) -> None:
    """Your word on one order: withdraw it, allow it whatever the payment says, or follow_payment again."""
    with open_shop(says_try_again=False):
        decided = decisions.decide(number, Decision(decision), because=because)
        order = get_order(number)
        if as_json:
            print_json({"number": order.number, "before": decided.before.reason, "now": decided.now.reason})
        else:
            click.echo(f"Before: {access_line(decided.before)}")
            click.echo(f"Now:    {access_line(decided.now)}")
        _renew_notices(order.checkout_session_id)


def _renew_notices(session_id: str) -> None:
    """What the decision settles leaves the owner's list. It stands where Stripe does not answer, too."""
    try:
        fulfill_checkout(session_id, Look.NOW)
    except StorefrontError as error:
        click.echo(f"The decision stands. The list of what needs you was not renewed: {error.message}", err=True)


@orders.command()
@click.argument("number")
@as_json
def link(number: str, as_json: bool) -> None:
    """The buyer's own page of an order. Whoever has the link sees its keys: give it to the buyer only."""
    with open_shop(says_try_again=False):
        order = get_order(number)
        value = {"number": order.number, "url": order_url(order)}
    print_result(value, [value["url"]], as_json=as_json)
