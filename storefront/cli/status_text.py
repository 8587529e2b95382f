"""How the shop is, on a terminal and as JSON."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from storefront.core.clock import iso
from storefront.core.replica import ReplicaState
from storefront.orders.models import GrantKind
from storefront.owner.health.figures import Figures
from storefront.owner.health.warnings import HealthWarning


def status_lines(figures: Figures, warnings: list[HealthWarning], *, orders_today: int) -> list[str]:
    trouble = figures.trouble
    total = sum(figures.orders.values())
    licenses, downloads = figures.grants[GrantKind.LICENSE], figures.grants[GrantKind.DOWNLOAD]
    return [
        *(f"! {warning.message}" for warning in warnings),
        *([""] if warnings else ["No trouble."]),
        f"Mode       {trouble.mode}",
        f"Orders     {orders_today} today, {total} in all{_in_words(figures.orders.items())}",
        f"Handed out {licenses} license keys, {downloads} downloads",
        f"Mails      {sum(figures.mails.values())}{_in_words(figures.mails.items())}",
        f"Events     {sum(figures.events.values())}{_in_words(figures.events.items())}",
        *([f"           in all at {_moment(figures.counted_at)}"] if figures.counted_at else []),
        f"Compared with Stripe: {_moment(trouble.reconciled_at)}",
        f"Worker     last at work: {_moment(trouble.worker_seen_at)}",
        *(f"           {worker.name}: {_moment(worker.seen_at)}" for worker in trouble.workers),
        f"Needs you  {sum(trouble.notices.values())}{_in_words(trouble.notices.items())}",
    ]


def replica_lines(state: ReplicaState | None) -> list[str]:
    """Nothing where there is none."""
    if state is None:
        return []
    said = f"{state.problem}: the primary answers" if state.problem else f"{state.lag_seconds:.0f} seconds behind"
    return [f"Replica    {said}"]


def _in_words(counts: Iterable[tuple[str, int]]) -> str:
    parts = [f"{count} {name.replace('_', ' ')}" for name, count in counts if count]
    return f" ({', '.join(parts)})" if parts else ""


def _moment(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else "never"


def status_to_json(figures: Figures, warnings: list[HealthWarning], *, orders_today: int) -> dict[str, object]:
    trouble = figures.trouble
    oldest = trouble.oldest_unhandled
    return {
        "mode": trouble.mode,
        "warnings": [asdict(warning) for warning in warnings],
        "orders": figures.orders,
        "orders_today": orders_today,
        "grants": figures.grants,
        "mails": figures.mails,
        "oldest_due_mail_at": iso(trouble.oldest_due_mail_at),
        "events": figures.events,
        "counted_at": iso(figures.counted_at),
        "oldest_unhandled_event": None
        if oldest is None
        else {"type": oldest.type, "received_at": iso(oldest.received_at), "error": oldest.error},
        "reconciled_at": iso(trouble.reconciled_at),
        "worker_seen_at": iso(trouble.worker_seen_at),
        "workers": [{"name": worker.name, "seen_at": iso(worker.seen_at)} for worker in trouble.workers],
        "notices": trouble.notices,
    }
