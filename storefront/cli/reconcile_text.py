"""A comparison with Stripe on a terminal, and as JSON."""

from collections.abc import Iterator

import click

from storefront.payments.reconcile.report import Report, ReportLine
from storefront.payments.reconcile.steps import Step

WORDS = {
    Step.WAITING: "orders that wait",
    Step.CHECKOUTS: "Checkout Sessions",
    Step.REFUNDS: "refunds",
    Step.DISPUTES: "disputes",
    Step.EVENTS: "events",
}


def print_progress(step: Step, checked: int) -> None:
    click.echo(f"Compared {WORDS[step]}; {_sales(checked)} looked at so far.", err=True)


def ignore_progress(_step: Step, _checked: int) -> None:
    """Print nothing: a program reads the end only."""


def report_to_json(report: Report) -> dict[str, object]:
    return {
        "since": report.since.isoformat(),
        "dry_run": report.is_dry,
        "checked": report.checked,
        "fixed": [line.to_json() for line in report.fixed],
        "needs_you": [line.to_json() for line in report.needs_you],
    }


def report_lines(report: Report) -> Iterator[str]:
    yield f"Compared with Stripe since {report.since:%Y-%m-%d %H:%M} UTC: {_sales(report.checked)} looked at."
    yield from _section("Would be fixed" if report.is_dry else "Fixed", report.fixed)
    yield from _section("Needs you", report.needs_you)
    if not report.fixed and not report.needs_you:
        yield "Everything agrees."


def _section(title: str, lines: tuple[ReportLine, ...]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title} ({len(lines)}):"
        for line in lines:
            yield f"  - {line.text}"


def _sales(count: int) -> str:
    return "1 sale" if count == 1 else f"{count} sales"
