"""`storefront shop`: what concerns the shop as a whole."""

import click

from storefront.cli import looks, reminders, shop_files, shop_profile


@click.group()
def shop() -> None:
    """The shop as a whole: its name, words and looks; as a folder of files, and back."""


for command in (*shop_profile.COMMANDS, reminders.reminders, *looks.COMMANDS, *shop_files.COMMANDS):
    shop.add_command(command)
