"""The figures as Prometheus reads them; the library formats."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from storefront.health.figures import Figures
from storefront.health.warnings import HealthWarning


class _Figures(Collector):
    def __init__(self, figures: Figures, warnings: list[HealthWarning]) -> None:
        self.figures = figures
        self.warnings = warnings

    def collect(self) -> Iterable[Metric]:
        figures, trouble = self.figures, self.figures.trouble
        yield _by("mode", "The running mode.", "mode", [(trouble.mode, 1)])
        yield _by("orders", "Orders.", "state", figures.orders.items())
        yield _by("grants", "Things handed out.", "kind", figures.grants.items())
        yield _by("mails", "Mails.", "state", trouble.mails.items())
        yield _by("stripe_events", "Deliveries of Stripe.", "outcome", figures.events.items())
        yield _by("notices", "What needs the owner.", "kind", trouble.notices.items())
        yield _by("warnings", "Warnings given now.", "code", [(warning.code, 1) for warning in self.warnings])
        oldest = trouble.oldest_unhandled
        yield from _age("oldest_unhandled_event", oldest.received_at if oldest else None, trouble.now, empty=0)
        yield from _age("oldest_due_mail", trouble.oldest_due_mail_at, trouble.now, empty=0)
        yield from _age("reconcile_age", trouble.reconciled_at, trouble.now, empty=None)


def _by(name: str, words: str, label: str, counts: Iterable[tuple[str, int]]) -> Metric:
    family = GaugeMetricFamily(f"storefront_{name}", words, labels=[label])
    for value, count in counts:
        family.add_metric([value], count)
    return family


def _age(name: str, since: datetime | None, now: datetime, *, empty: float | None) -> Iterable[Metric]:
    """Seconds; nothing waiting is 0, what never happened has no age."""
    seconds = (now - since).total_seconds() if since else empty
    if seconds is not None:
        yield GaugeMetricFamily(f"storefront_{name}_seconds", "Age in seconds.", value=seconds)


def to_text(figures: Figures, warnings: list[HealthWarning]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(figures, warnings))
    return generate_latest(registry)
