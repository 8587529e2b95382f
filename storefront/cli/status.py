"""`storefront status`: how the shop is, in plain words; what is wrong comes first."""

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command()
@click.option("--check", is_flag=True, help="Exit code 1 when there is a warning, for cron and monitors.")
@as_json
def status(check: bool, as_json: bool) -> None:
    """How the shop is: warnings first, each with what to do, then orders, mails, events, reconciliation."""
    from storefront.cli.status_text import status_lines, status_to_json
    from storefront.migrations.state import find_problem
    from storefront.owner.health.figures import read_figures
    from storefront.owner.health.warnings import find_warnings
    from storefront.owner.health.writing import find_write_problem

    with open_shop():
        problem = find_problem() or find_write_problem()
        if problem is not None:
            raise click.ClickException(f"The shop cannot serve: {problem}.")
        figures = read_figures()
    warnings = find_warnings(figures.trouble)
    print_result(status_to_json(figures, warnings), status_lines(figures, warnings), as_json=as_json)
    if check and warnings:
        raise click.exceptions.Exit(1)
