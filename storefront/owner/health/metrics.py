"""The figures as Prometheus reads them; the library formats."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from storefront.core.measurements import (
    ACCESS_DENIALS,
    BUCKETS,
    FAILED_NUDGES,
    FORGOTTEN_ROWS,
    SMTP_SECONDS,
    STRIPE_SECONDS,
)
from storefront.owner.health.figures import Figures
from storefront.owner.health.warnings import HealthWarning

CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Figures(Collector):
    def __init__(self, figures: Figures, warnings: list[HealthWarning]) -> None:
        self.figures = figures
        self.warnings = warnings

    def collect(self) -> Iterable[Metric]:
        figures, trouble = self.figures, self.figures.trouble
        yield _by("mode", "The running mode.", "mode", [(trouble.mode, 1)])
        yield _by("orders", "Orders.", "state", figures.orders.items())
        yield _by("grants", "Things handed out.", "kind", figures.grants.items())
        yield _by("mails", "Mails.", "state", figures.mails.items())
        yield _by("stripe_events", "Deliveries of Stripe.", "outcome", figures.events.items())
        yield _by("notices", "What needs the owner.", "kind", trouble.notices.items())
        yield _by("warnings", "Warnings given now.", "code", [(warning.code, 1) for warning in self.warnings])
        oldest = trouble.oldest_unhandled
        yield from _age("oldest_unhandled_event", oldest.received_at if oldest else None, trouble.now, empty=0)
        yield from _age("oldest_due_mail", trouble.oldest_due_mail_at, trouble.now, empty=0)
        given_up = trouble.mail_given_up_at
        yield GaugeMetricFamily(
            "storefront_mail_given_up_timestamp_seconds",
            "When the last mail was given up; 0 for none.",
            value=given_up.timestamp() if given_up else 0,
        )
        yield from _age("reconcile_age", trouble.reconciled_at, trouble.now, empty=None)
        yield from _age("backup_age", trouble.backed_up_at, trouble.now, empty=None)
        ages = [(worker.name, (trouble.now - worker.seen_at).total_seconds()) for worker in trouble.workers]
        yield _by("worker_age_seconds", "Since each worker was last at work.", "worker", ages)
        yield from _age("totals_age", figures.counted_at, trouble.now, empty=0)
        measured = trouble.measured
        yield _total("access_denials", "Pages, downloads and mails denied.", "reason", measured[ACCESS_DENIALS])
        yield _total("failed_nudges", "Jobs the queue did not take.", "job", measured[FAILED_NUDGES])
        yield _total("forgotten_rows", "Rows past their time.", "rule", measured[FORGOTTEN_ROWS])
        yield _histogram(STRIPE_SECONDS, "How long Stripe took, by how it ended.", measured)
        yield _histogram(SMTP_SECONDS, "How long the mail server took, by how it ended.", measured)


def _by(name: str, words: str, label: str, counts: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"storefront_{name}", words, labels=[label])
    for value, count in counts:
        family.add_metric([value], count)
    return family


def _total(name: str, words: str, label: str, sums: dict[str, float]) -> Metric:
    family = CounterMetricFamily(f"storefront_{name}", words, labels=[label])
    for value, total in sums.items():
        family.add_metric([value], total)
    return family


def _histogram(name: str, words: str, measured: dict[str, dict[str, float]]) -> Metric:
    family = HistogramMetricFamily(f"storefront_{name}", words, labels=["outcome"])
    counts = measured[name]
    for outcome, total in measured[f"{name}_sum"].items():
        bounds = ["+Inf" if bound == float("inf") else f"{bound:g}" for bound in BUCKETS]
        buckets = [
            (shown, counts.get(f"{outcome} {bound:g}", 0)) for shown, bound in zip(bounds, BUCKETS, strict=True)
        ]
        family.add_metric([outcome], buckets=buckets, sum_value=total)
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
