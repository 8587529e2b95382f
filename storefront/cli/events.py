"""`storefront events`: what Stripe delivered, what came of it, and one look more."""

import click

from storefront.cli.choices import MOST
from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.group()
def events() -> None:
    """Stripe's deliveries: list, show one, look again at what one points to."""


@events.command("list")
@click.option("--unhandled", is_flag=True, help="Only those that nobody finished.")
@click.option("--type", "event_type", help="Only this type, like charge.refunded.")
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="The newest so many.")
@as_json
def list_events(unhandled: bool, event_type: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries, oldest of them first."""
    from storefront.cli.event_text import event_line, event_to_json
    from storefront.payments.webhook.queries import list_deliveries

    with open_shop():
        deliveries = list_deliveries(limit=limit, event_type=event_type, only_unhandled=unhandled)
        values = [event_to_json(event) for event in deliveries]
        lines = [event_line(event) for event in deliveries]
    nothing = "No such events." if unhandled or event_type else "No events."
    print_result(values, lines, as_json=as_json, if_none=nothing)


@events.command()
@click.argument("event_id")
@as_json
def show(event_id: str, as_json: bool) -> None:
    """One delivery whole, with the order it led to."""
    from storefront.cli.event_run import get_delivery
    from storefront.cli.event_text import event_to_json, field_lines
    from storefront.orders.queries import find_order_number

    with open_shop():
        event = get_delivery(event_id)
        values = event_to_json(event) | {"order": find_order_number(event.object_id)}
    print_result(values, field_lines(values), as_json=as_json)


@events.command()
@click.argument("event_id", required=False, metavar="[EVENT]")
@click.option("--unhandled", is_flag=True, help="All that nobody finished, oldest first.")
def run(event_id: str | None, unhandled: bool) -> None:
    """Look again at what a delivery points to. Safe to repeat: what is there is not made twice."""
    if unhandled == (event_id is not None):
        raise click.UsageError("Name one event, or all that nobody finished by --unhandled.")
    from storefront.cli.event_run import get_delivery, run_one
    from storefront.payments.webhook.queries import list_unhandled
    from storefront.payments.webhook.run_again import demand_own_mode

    with open_shop():
        deliveries = [get_delivery(event_id)] if event_id else list_unhandled()
        demand_own_mode(deliveries)
        # Plain values: each run ends the transaction that the rows belong to.
        named = [(event.id, event.type, event.object_id) for event in deliveries]
        results = [run_one(*values) for values in named]
    if not results:
        click.echo("No unhandled events.")
    if not all(results):
        raise click.exceptions.Exit(1)
