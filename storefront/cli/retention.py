"""`storefront retention`: how long rows are kept, and what the worker would forget now."""

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command()
@as_json
def retention(as_json: bool) -> None:
    """How long rows are kept, and how many would be forgotten now. The worker does that; this forgets nothing."""
    from storefront.owner.retention.run import Due, read_due

    with open_shop():
        due = read_due()

    def line(one: Due) -> str:
        return f"{one.rows:>9} of more than {one.days} days ({one.rule.setting}): {one.rule.words}"

    told = [
        {"name": one.rule.name, "setting": one.rule.setting, "days": one.days, "rows": one.rows} for one in due
    ]
    print_result(told, [line(one) for one in due], as_json=as_json)
