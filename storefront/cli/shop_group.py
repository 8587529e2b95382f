"""`storefront shop`: what concerns the shop as a whole."""

import click

from storefront.cli import looks, referrers, reminders, saved_cards, shop_files, shop_profile


@click.group()
def shop() -> None:
    """The shop as a whole: its name, words and looks; as a folder of files, and back."""


SWITCHES = (referrers.referrers, reminders.reminders, saved_cards.saved_cards)
for command in (*shop_profile.COMMANDS, *SWITCHES, *looks.COMMANDS, *shop_files.COMMANDS):
    shop.add_command(command)
