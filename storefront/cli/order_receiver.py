"""`storefront orders gift`: a receiver who says "not mine", or a giver who mistyped."""

from dataclasses import asdict

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command("gift")
@click.argument("number")
@click.option("--to", required=True, help="The receiver's right address: keys and devices move there.")
@as_json
def correct_gift(number: str, to: str, as_json: bool) -> None:
    """Correct whom a gift is for. The link of before stops working; a gift that was sent goes out again."""
    from storefront.delivery.gift_changes import correct_receiver

    with open_shop():
        corrected = correct_receiver(number, to)
    line = f"The gift of order {corrected.number} is for {corrected.email} now."
    sent = ["An email is on its way." if corrected.is_sent else "It is sent on its day."]
    print_result(asdict(corrected), [line, *sent], as_json=as_json)
