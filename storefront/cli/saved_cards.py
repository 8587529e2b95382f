"""`storefront shop saved-cards`: whether signed-in buyers may save their card. As /admin/shop does."""

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command("saved-cards")
@click.option("--on/--off", "is_on", default=None, help="Let signed-in buyers save their card, or stop it.")
@as_json
def saved_cards(is_on: bool | None, as_json: bool) -> None:
    """Let signed-in buyers save their card at Stripe, and pay by bank transfer. Without options: how it is."""
    from storefront.shop.profile.saved_cards import are_cards_saved, switch_saved_cards

    with open_shop():
        changed = is_on is not None and switch_saved_cards(is_on=is_on)
        now = are_cards_saved()
    state = "Signed-in buyers may save their card." if now else "Nobody saves a card."
    print_result({"saves_cards": now, "changed": changed}, [state], as_json=as_json)
