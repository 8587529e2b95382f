"""`storefront reconcile`: compare with Stripe now, and repair."""

import re
from datetime import UTC, datetime, timedelta

import click

from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.core import clock
from storefront.core.errors import StripeUnavailable
from storefront.payments.reconcile import run
from storefront.payments.reconcile.steps import Step

WORDS = {
    Step.WAITING: "orders that wait",
    Step.CHECKOUTS: "Checkout Sessions",
    Step.REFUNDS: "refunds",
    Step.DISPUTES: "disputes",
    Step.EVENTS: "events",
}
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class Since(click.ParamType[datetime]):
    """`3d`, `12h`, `2w`, a date or a time; without a zone it is UTC."""

    name = "when"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        span = re.fullmatch(r"(\d{1,4})([hdw])", value.strip())
        if span:
            return clock.now() - timedelta(**{UNITS[span[2]]: int(span[1])})
        try:
            when = datetime.fromisoformat(value.strip())
        except ValueError:
            self.fail(f"{value!r} is no time: write 3d, 12h, 2w, 2026-11-01 or 2026-11-01T10:00.", param, ctx)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        if when > clock.now():
            self.fail(f"{value!r} is in the future.", param, ctx)
        return when


@click.command()
@click.option("--since", type=Since(), help="3d, 12h, 2w or a date. Without it: since the last pass.")
@click.option("--dry-run", is_flag=True, help="Only say what differs; change nothing.")
@as_json
def reconcile(since: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Compare with Stripe and repair what no event told. The worker does it every 15 minutes."""

    def progress(step: Step, checked: int) -> None:
        if not as_json:
            click.echo(f"Compared {WORDS[step]}; {_sales(checked)} looked at so far.", err=True)

    with open_shop():
        try:
            report = run.reconcile(since=since, is_dry=dry_run, progress=progress)
        except StripeUnavailable as error:
            again = "" if dry_run else " What is repaired stays so; run it again to go on from here."
            raise click.ClickException(f"{error.message}.{again}") from error
    if as_json:
        print_json(_to_json(report))
    else:
        _print(report)


def _to_json(report: run.Report) -> dict[str, object]:
    return {
        "since": report.since.isoformat(),
        "dry_run": report.is_dry,
        "checked": report.checked,
        "fixed": list(report.fixed),
        "needs_you": list(report.needs_you),
    }


def _print(report: run.Report) -> None:
    click.echo(
        f"Compared with Stripe since {report.since:%Y-%m-%d %H:%M} UTC: {_sales(report.checked)} looked at."
    )
    _print_lines("Would be fixed" if report.is_dry else "Fixed", report.fixed)
    _print_lines("Needs you", report.needs_you)
    if not report.fixed and not report.needs_you:
        click.echo("Everything agrees.")


def _sales(count: int) -> str:
    return "1 sale" if count == 1 else f"{count} sales"


def _print_lines(title: str, lines: tuple[dict[str, str], ...]) -> None:
    if lines:
        click.echo(f"\n{title} ({len(lines)}):")
        for line in lines:
            click.echo(f"  - {line['text']}")
