"""`storefront events`: what Stripe delivered, what came of it, and one look more."""

from collections.abc import Iterator

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop
from storefront.cli.terminal import plain
from storefront.core.errors import StorefrontError
from storefront.orders.queries import find_order_number
from storefront.payments.webhook.models import StripeEvent
from storefront.payments.webhook.queries import find_delivery, list_deliveries, list_unhandled
from storefront.payments.webhook.run_again import demand_own_mode, run_again


@click.group()
def events() -> None:
    """Stripe's deliveries: list, show one, look again at what one points to."""


@events.command("list")
@click.option("--unhandled", is_flag=True, help="Only those that nobody finished.")
@click.option("--type", "event_type", help="Only this type, like charge.refunded.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest so many.")
@as_json
def list_events(unhandled: bool, event_type: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries, oldest of them first."""
    with open_shop():
        deliveries = list_deliveries(limit=limit, event_type=event_type, only_unhandled=unhandled)
        values = [_to_json(event) for event in deliveries]
        lines = [_line(event) for event in deliveries]
    print_result(
        values, lines, as_json=as_json, if_none="No such events." if unhandled or event_type else "No events."
    )


def _line(event: StripeEvent) -> str:
    error = f" - {event.last_error}" if event.last_error else ""
    received_at = f"{event.received_at.isoformat():.16}"
    return f"{event.id}  {received_at}  {event.type}  {event.outcome or 'unhandled'}{error}"


@events.command()
@click.argument("event_id")
@as_json
def show(event_id: str, as_json: bool) -> None:
    """One delivery whole, with the order it led to."""
    with open_shop():
        event = _get_delivery(event_id)
        values = _to_json(event) | {"order": find_order_number(event.object_id)}
    print_result(values, _named(values), as_json=as_json)


def _named(values: dict[str, object]) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name.replace('_', ' '):<12} {'-' if value is None else value}"


@events.command()
@click.argument("event_id", required=False, metavar="[EVENT]")
@click.option("--unhandled", is_flag=True, help="All that nobody finished, oldest first.")
def run(event_id: str | None, unhandled: bool) -> None:
    """Look again at what a delivery points to. Safe to repeat: what is there is not made twice."""
    if unhandled == (event_id is not None):
        raise click.UsageError("Name one event, or all that nobody finished by --unhandled.")
    with open_shop():
        deliveries = [_get_delivery(event_id)] if event_id else list_unhandled()
        demand_own_mode(deliveries)
        # Plain values: each run ends the transaction that the rows belong to.
        named = [(event.id, event.type, event.object_id) for event in deliveries]
        results = [_run_one(*values) for values in named]
    if not results:
        click.echo("No unhandled events.")
    if not all(results):
        raise click.exceptions.Exit(1)


def _run_one(event_id: str, event_type: str, object_id: str) -> bool:
    """Say what came of it. One that fails holds up no other."""
    try:
        outcome = run_again(event_id, event_type, object_id)
    except StorefrontError as error:
        click.echo(plain(f"{event_id}  {event_type}  failed: {error.message}"), err=True)
        return False
    click.echo(plain(f"{event_id}  {event_type}  {outcome}"))
    return True


def _get_delivery(event_id: str) -> StripeEvent:
    event = find_delivery(event_id)
    if event is None:
        raise click.ClickException(
            plain(f"There is no event {event_id} here. `storefront events list` shows those that came; ")
            + "`storefront reconcile` finds out what one that never came would have told."
        )
    return event


def _to_json(event: StripeEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "livemode": event.livemode,
        "created_at": event.created_at.isoformat(),
        "received_at": event.received_at.isoformat(),
        "attempts": event.attempts,
        "handled_at": event.handled_at.isoformat() if event.handled_at else None,
        "outcome": event.outcome,
        "last_error": event.last_error,
    }
