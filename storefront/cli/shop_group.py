"""`storefront shop`: what concerns the shop as a whole."""

import click

from storefront.cli import shop_files, shop_profile


@click.group()
def shop() -> None:
    """The shop as a whole: its name and words; as a folder of files, and back."""


for command in (*shop_profile.COMMANDS, *shop_files.COMMANDS):
    shop.add_command(command)
