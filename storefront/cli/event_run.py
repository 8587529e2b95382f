"""One delivery of Stripe by its id, and what running it again says."""

import click

from storefront.cli.terminal import plain
from storefront.core.errors import StorefrontError
from storefront.payments.webhook.models import StripeEvent
from storefront.payments.webhook.queries import find_delivery
from storefront.payments.webhook.run_again import run_again


def get_delivery(event_id: str) -> StripeEvent:
    event = find_delivery(event_id)
    if event is None:
        raise click.ClickException(
            plain(f"There is no event {event_id} here. `storefront events list` shows those that came; ")
            + "`storefront reconcile` finds out what one that never came would have told."
        )
    return event


def run_one(event_id: str, event_type: str, object_id: str) -> bool:
    """Say what came of it. One that fails holds up no other."""
    try:
        outcome = run_again(event_id, event_type, object_id)
    except StorefrontError as error:
        click.echo(plain(f"{event_id}  {event_type}  failed: {error.message}"), err=True)
        return False
    click.echo(plain(f"{event_id}  {event_type}  {outcome}"))
    return True
