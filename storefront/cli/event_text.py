"""Stripe's deliveries on a terminal, and as JSON."""

from collections.abc import Iterator

from storefront.core.clock import iso
from storefront.payments.webhook.models import StripeEvent


def event_line(event: StripeEvent) -> str:
    error = f" - {event.last_error}" if event.last_error else ""
    received_at = f"{event.received_at:%Y-%m-%d %H:%M} UTC"
    return f"{event.id}  {received_at}  {event.type}  {event.outcome or 'unhandled'}{error}"


def field_lines(values: dict[str, object]) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name.replace('_', ' '):<12} {'-' if value is None else value}"


def event_to_json(event: StripeEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "livemode": event.livemode,
        "created_at": event.created_at.isoformat(),
        "received_at": event.received_at.isoformat(),
        "attempts": event.attempts,
        "handled_at": iso(event.handled_at),
        "outcome": event.outcome,
        "last_error": event.last_error,
    }
