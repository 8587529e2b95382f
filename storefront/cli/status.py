"""`storefront status`: how the shop is, in plain words; what is wrong comes first."""

from dataclasses import asdict

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command()
@click.option("--check", is_flag=True, help="Exit code 1 when there is a warning, for cron and monitors.")
@as_json
def status(check: bool, as_json: bool) -> None:
    """How the shop is: warnings first, each with what to do, then figures, and what is open before you sell."""
    from storefront.cli.ready_text import ready_lines, ready_to_json
    from storefront.cli.status_text import replica_lines, status_lines, status_to_json
    from storefront.core.replica import look_at_replica
    from storefront.migrations.state import find_problem
    from storefront.owner.health.figures import count_orders_today, read_figures
    from storefront.owner.health.warnings import find_warnings
    from storefront.owner.health.writing import find_write_problem
    from storefront.owner.readiness.ask import look_at_everything
    from storefront.owner.readiness.read_facts import read_points

    with open_shop():
        problem = find_problem() or find_write_problem()
        if problem is not None:
            raise click.ClickException(f"The shop cannot serve: {problem}.")
        look_at_everything()
        figures, replica, today = read_figures(), look_at_replica(), count_orders_today()
        points = read_points(figures.trouble)
    warnings = find_warnings(figures.trouble)
    values = status_to_json(figures, warnings, orders_today=today) | {
        "replica": replica and asdict(replica),
        "ready": ready_to_json(points),
    }
    lines = status_lines(figures, warnings, orders_today=today) + replica_lines(replica) + ready_lines(points)
    print_result(values, lines, as_json=as_json)
    if check and warnings:
        raise click.exceptions.Exit(1)
