"""`storefront fulfill`: one Checkout Session is looked at again."""

import click

from storefront.cli.shop import open_shop


@click.command()
@click.argument("session_id")
def fulfill(session_id: str) -> None:
    """Look again at one Checkout Session (cs_…) and hand out what was paid for. An order's number will do, too.

    Of what was given for free Stripe knows nothing, and is not asked.
    """
    from storefront.payments.fulfillment.look_again import look_again

    with open_shop():
        fulfillment = look_again(session_id)
    click.echo(fulfillment.outcome.value)
