"""`storefront reconcile`: compare with Stripe now, and repair."""

import re
from datetime import UTC, datetime, timedelta

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop
from storefront.core import clock
from storefront.core.errors import StripeUnavailable

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
    from storefront.cli.reconcile_text import ignore_progress, print_progress, report_lines, report_to_json
    from storefront.payments.reconcile import run

    progress = ignore_progress if as_json else print_progress
    with open_shop():
        try:
            report = run.reconcile(since=since, is_dry=dry_run, progress=progress)
        except StripeUnavailable as error:
            again = "" if dry_run else " What is repaired stays so; run it again to go on from here."
            raise click.ClickException(f"{error.message}.{again}") from error
    print_result(report_to_json(report), report_lines(report), as_json=as_json)
