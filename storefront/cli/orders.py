"""`storefront orders`: find one, see it whole, decide on it, give its buyer the link."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from storefront.cli.choices import DECISIONS, ORDER_STATES
from storefront.cli.order_actions import raise_order_limit, resend_order
from storefront.cli.order_gift import give_for_free
from storefront.cli.order_notes import delete_order_note, note
from storefront.cli.order_receiver import correct_gift
from storefront.cli.order_refund import refund
from storefront.cli.output import as_json, print_json, print_lines, print_result, to_json_value
from storefront.cli.shop import open_shop
from storefront.cli.terminal import plain_lines
from storefront.core.errors import StorefrontError

if TYPE_CHECKING:
    from storefront.owner.orders.listing import OrderFilter

DAY = click.DateTime(["%Y-%m-%d"])
STATE_LIST = ", ".join(ORDER_STATES)


@click.group()
def orders() -> None:
    """Orders: find, see whole, decide, refund. NUMBER may be a cs_… or pi_… id, too."""


orders.add_command(refund)
orders.add_command(resend_order)
orders.add_command(raise_order_limit)
orders.add_command(give_for_free)
orders.add_command(note)
orders.add_command(delete_order_note)
orders.add_command(correct_gift)


@orders.command()
@click.argument("number")
@click.option("--keys", "with_keys", is_flag=True, help="License keys whole, not only their last letters.")
@as_json
def show(number: str, with_keys: bool, as_json: bool) -> None:
    """One order whole: what was bought and handed out, what works now, and everything that happened."""
    from storefront.cli.order_text import history_to_json, history_to_text
    from storefront.orders.lookup import get_order
    from storefront.owner.history.order import read_history

    with open_shop(says_try_again=False):
        history = read_history(get_order(number), with_keys=with_keys)
    print_result(history_to_json(history), history_to_text(history), as_json=as_json)


@orders.command()
@click.argument("number")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="The newest so many.")
@as_json
def downloads(number: str, limit: int, as_json: bool) -> None:
    """Whether the buyer can download now, what they downloaded, and what they were refused and why."""
    from storefront.cli.order_text import attempt_line, file_line
    from storefront.delivery.downloads.state import read_download_state
    from storefront.orders.lookup import get_order
    from storefront.owner.history.attempts import read_attempts

    with open_shop(says_try_again=False):
        order = get_order(number)
        state, attempts = read_download_state(order), read_attempts(order, limit=limit)
    value = {"number": order.number, **asdict(state), "attempts": [asdict(attempt) for attempt in attempts]}
    lines = [state.sentence, *map(file_line, state.files), *map(attempt_line, attempts)]
    print_result(to_json_value(value), lines, as_json=as_json)


@orders.command("list")
@click.option("--search", "words", default="", help="A number, address, key or Stripe id; or words of a name.")
@click.option("--email", default="", help="Only orders of this address.")
@click.option("--state", type=click.Choice(ORDER_STATES), metavar="STATE", help=f"Only in one of: {STATE_LIST}.")
@click.option("--product", default="", metavar="SLUG", help="Only with this product.")
@click.option("--country", default="", metavar="XX", help="Only of buyers there.")
@click.option("--since", type=DAY, metavar="DAY", help="Placed on this day or later, in the shop's time zone.")
@click.option("--until", type=DAY, metavar="DAY", help="Placed on this day or before.")
@click.option("--older-than", default="", metavar="NUMBER", help="Only orders older than this one.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="The newest so many.")
@as_json
def list_orders(older_than: str, limit: int, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - see `_read_filter`
    """Orders, newest first. A search looks through all of them."""
    from storefront.cli.order_text import more_lines, page_lines
    from storefront.owner.orders.listing import find_all_the_way
    from storefront.shop.profile.zone import shop_zone

    chosen = _read_filter(**asked)
    with open_shop(says_try_again=False):
        page, zone = find_all_the_way(chosen, older_than=older_than, limit=limit), shop_zone()
    nothing = "No orders." if chosen.is_empty else "No such orders."
    listed = [to_json_value(asdict(order)) for order in page.orders]
    print_result(listed, page_lines(page, zone), as_json=as_json, if_none=nothing)
    if as_json:
        print_lines(more_lines(page), err=True)  # the list stays a list


def _read_filter(
    *, state: str | None, since: datetime | None, until: datetime | None, **words: str
) -> "OrderFilter":
    from storefront.orders.access import Reason
    from storefront.owner.orders.listing import OrderFilter

    return OrderFilter(
        state=Reason(state) if state else None,
        since=since.date() if since else None,
        until=until.date() if until else None,
        **words,
    )


@orders.command("csv")
def write_csv() -> None:
    """All orders as CSV, oldest first: amounts, taxes with their rates, tax ids and invoices, for bookkeeping."""
    from storefront.audit.csv_export import BOM
    from storefront.owner.history.orders_csv import export_orders_csv

    with open_shop(says_try_again=False):
        lines = export_orders_csv()
        # As bytes: a terminal's or pipe's own encoding would be another than the mark says.
        click.echo(BOM.encode(), nl=False)
        for line in lines:
            click.echo(plain_lines(line.removesuffix("\r\n")).encode())


@orders.command()
@click.argument("number")
@click.argument("decision", type=click.Choice(DECISIONS))
@click.option("--because", default="", help="Kept in the order's timeline; no key and no address, please.")
@as_json
def decide(number: str, decision: str, because: str, as_json: bool) -> None:
    """Override access to an order: withdraw it, allow it whatever the payment says, or follow_payment again."""
    from storefront.cli.order_text import access_line
    from storefront.orders.decide import decide as decide_order
    from storefront.orders.lookup import get_order
    from storefront.orders.models import Decision

    with open_shop(says_try_again=False):
        decided = decide_order(number, Decision(decision), because=because)
        order = get_order(number)
        if as_json:
            print_json({"number": order.number, "before": decided.before.reason, "now": decided.now.reason})
        else:
            click.echo(f"Before: {access_line(decided.before)}")
            click.echo(f"Now:    {access_line(decided.now)}")
        _renew_notices(order.checkout_session_id)


def _renew_notices(session_id: str) -> None:
    """Take what the decision settles off the owner's list. It stands where Stripe does not answer, too."""
    from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout

    try:
        fulfill_checkout(session_id, Look.NOW)
    except StorefrontError as error:
        click.echo(f"The decision stands. The list of what needs you was not renewed: {error.message}", err=True)


@orders.command()
@click.argument("number")
@as_json
def link(number: str, as_json: bool) -> None:
    """The buyer's own page of an order. Whoever has the link sees its keys: give it to the buyer only."""
    from storefront.orders.lookup import get_order
    from storefront.owner.history.order import order_url

    with open_shop(says_try_again=False):
        order = get_order(number)
        value = {"number": order.number, "url": order_url(order)}
    print_result(value, [value["url"]], as_json=as_json)
