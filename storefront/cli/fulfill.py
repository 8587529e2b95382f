"""`storefront fulfill`: one Checkout Session is looked at again."""

import click

from storefront.cli.shop import open_shop


@click.command()
@click.argument("session_id")
def fulfill(session_id: str) -> None:
    """Look again at one Checkout Session (cs_…) and hand out what was paid for."""
    from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout

    with open_shop():
        fulfillment = fulfill_checkout(session_id, Look.NOW)
    click.echo(fulfillment.outcome.value)
