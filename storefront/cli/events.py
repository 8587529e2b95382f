"""`storefront events`: what Stripe delivered, what came of it, and one look more."""

import click
from sqlalchemy import select

from storefront.cli.order_text import plain
from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.core.runtime import settings
from storefront.orders.models import Order
from storefront.payments.webhook import ledger
from storefront.payments.webhook.dispatch import converge
from storefront.payments.webhook.models import StripeEvent


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
    ask = select(StripeEvent).order_by(StripeEvent.received_at.desc(), StripeEvent.id.desc()).limit(limit)
    if unhandled:
        ask = ask.where(StripeEvent.handled_at.is_(None))
    if event_type is not None:
        ask = ask.where(StripeEvent.type == event_type)
    with open_shop():
        newest_first = db.session.scalars(ask.where(StripeEvent.mode == settings().mode)).all()
        found = [_to_json(event) for event in reversed(newest_first)]
    if as_json:
        print_json(found)
        return
    for line in found:
        error = f" - {line['last_error']}" if line["last_error"] else ""
        result = line["outcome"] or "unhandled"
        click.echo(plain(f"{line['id']}  {line['received_at']:.16}  {line['type']}  {result}{error}"))
    if not found:
        click.echo("No such events." if unhandled or event_type else "No events.")


@events.command()
@click.argument("event_id")
@as_json
def show(event_id: str, as_json: bool) -> None:
    """One delivery whole, with the order it led to."""
    with open_shop():
        event = _get_event(event_id)
        found = _to_json(event) | {"order": _find_order_number(event.object_id)}
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(plain(f"{name.replace('_', ' '):<12} {'-' if value is None else value}"))


@events.command()
@click.argument("event_id", required=False, metavar="[EVENT]")
@click.option("--unhandled", is_flag=True, help="All that nobody finished, oldest first.")
def run(event_id: str | None, unhandled: bool) -> None:
    """Look again at what a delivery points to. Safe to repeat: what is there is not made twice."""
    if unhandled == (event_id is not None):
        raise click.UsageError("Name one event, or all that nobody finished by --unhandled.")
    with open_shop():
        wanted = [_get_event(event_id)] if event_id else _find_unhandled()
        if any(event.livemode != settings().is_live for event in wanted):
            raise click.ClickException("That event is of another mode of Stripe: it is left alone.")
        named = [(event.id, event.type, event.object_id) for event in wanted]
        failed = [event for event in named if not _run_one(*event)]
    if not named:
        click.echo("No unhandled events.")
    if failed:
        raise click.exceptions.Exit(1)


def _run_one(event_id: str, event_type: str, object_id: str) -> bool:
    """One that fails is told and holds up no other."""
    ledger.count_attempt(event_id)
    try:
        outcome = converge(event_id, event_type, object_id, is_last_look=True)
    except StorefrontError as error:
        click.echo(plain(f"{event_id}  {event_type}  failed: {error.message}"), err=True)
        return False
    click.echo(plain(f"{event_id}  {event_type}  {outcome}"))
    return True


def _get_event(event_id: str) -> StripeEvent:
    event = db.session.get(StripeEvent, event_id)
    if event is None or event.mode != settings().mode:
        raise click.ClickException(
            plain(f"There is no event {event_id} here. `storefront events list` shows those that came; ")
            + "`storefront reconcile` finds out what one that never came would have told."
        )
    return event


def _find_unhandled() -> list[StripeEvent]:
    ask = select(StripeEvent).where(
        StripeEvent.mode == settings().mode,
        StripeEvent.livemode == settings().is_live,
        StripeEvent.handled_at.is_(None),
    )
    return list(db.session.scalars(ask.order_by(StripeEvent.received_at)))


def _find_order_number(object_id: str) -> str | None:
    """By the Session or by the payment: events point to one of the two."""
    is_its = (Order.checkout_session_id == object_id) | (Order.payment_intent_id == object_id)
    return db.session.scalar(select(Order.number).where(Order.mode == settings().mode, is_its).limit(1))


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
