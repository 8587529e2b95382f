"""`storefront doctor`: tries everything the shop stands on."""

from dataclasses import asdict

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Try database, queue, mail server, clocks, certificate, Stripe and storage. Exit code 1 if anything fails."""
    from storefront.owner.doctor.examine import examine
    from storefront.owner.doctor.finding import Level

    with open_shop():
        findings = examine()
    lines = [f"{finding.level.upper():4} {finding.name}: {finding.text}" for finding in findings]
    print_result([asdict(finding) for finding in findings], lines, as_json=as_json)
    if any(finding.level is Level.FAIL for finding in findings):
        raise click.exceptions.Exit(1)
