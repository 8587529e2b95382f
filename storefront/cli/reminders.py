"""`storefront shop reminders`: one email about a checkout that was left. As /admin/shop does."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.buyers.reminders.figures import ReminderFigures


@click.command()
@click.option("--on/--off", "is_on", default=None, help="Remind, or remind no more.")
@as_json
def reminders(is_on: bool | None, as_json: bool) -> None:
    """Write once to who left Checkout and agreed there to hear from you. Without options: how it is, and what came
    of it."""
    from storefront.buyers.reminders.figures import read_figures
    from storefront.buyers.reminders.switch import switch_reminders
    from storefront.shop.profile.reminders import are_reminders_on

    with open_shop():
        changed = is_on is not None and switch_reminders(is_on=is_on)
        now, figures = are_reminders_on(), read_figures()
    state = "Reminders are on." if now else "Reminders are off."
    result = {"sends_reminders": now, "changed": changed, **asdict(figures)}
    print_result(result, [state, *_lines(figures)], as_json=as_json)


def _lines(figures: "ReminderFigures") -> list[str]:
    from storefront.core.money import format_money

    lines = [f"{figures.sent} sent, {figures.waiting} waiting, {figures.not_sent} not sent."]
    for part in figures.recovered:
        total = format_money(part.total_minor, part.currency)
        lines.append(f"{part.orders} recovered in {part.currency.upper()}, {total}.")
    return lines
