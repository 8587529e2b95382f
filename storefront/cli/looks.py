"""`storefront shop`: accent color and type, logo, icon and own font. As the page at /admin/shop/looks does."""

from pathlib import Path
from typing import Any

import click

from storefront.cli.choices import TYPE_PAIRINGS
from storefront.cli.output import as_json, only_given, print_result
from storefront.cli.shop import open_shop

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--accent", help="Of buttons and links, like #0d6b55; or none, for the shop's own green.")
@click.option("--type", "type_pairing", type=click.Choice(TYPE_PAIRINGS), help="Of headings and text.")
@click.option("--font-for-text/--font-for-headings", default=None, help="Where your own font is used.")
@as_json
def looks(*, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - as click gives them
    """Change color and type, or show them. A color that cannot be read is refused, with one that can."""
    chosen = only_given(given)
    if chosen.get("accent") == "none":
        chosen["accent"] = ""
    from storefront.shop.looks.change import change_looks, read_written_looks

    with open_shop():
        changed = change_looks(chosen) if chosen else []
        values = read_written_looks()
    lines = [f"{name.replace('_', ' ')}: {value or 'as the shop comes'}" for name, value in values.items()]
    print_result(values | {"changed": changed}, lines, as_json=as_json)


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--dark", "is_dark", is_flag=True, help="The one for dark pages.")
@click.option("--remove", "is_removal", is_flag=True, help="Take it out: the shop's name stands there again.")
@as_json
def logo(file: Path | None, *, is_dark: bool, is_removal: bool, as_json: bool) -> None:
    """Put a logo into the header: PNG, WebP, JPEG, AVIF or GIF."""
    _change("logo_dark" if is_dark else "logo", file, is_removal=is_removal, as_json=as_json)


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--remove", "is_removal", is_flag=True, help="Show the icon that the shop came with.")
@as_json
def icon(file: Path | None, *, is_removal: bool, as_json: bool) -> None:
    """Show a square picture in tabs and on home screens; at least 180 pixels a side."""
    _change("icon", file, is_removal=is_removal, as_json=as_json)


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--remove", "is_removal", is_flag=True, help="Use the fonts of buyers' computers.")
@as_json
def font(file: Path | None, *, is_removal: bool, as_json: bool) -> None:
    """Set headings in a font of your own: WOFF2, TTF or OTF of up to 2 MB."""
    _change("font", file, is_removal=is_removal, as_json=as_json)


def _change(kind: str, file: Path | None, *, is_removal: bool, as_json: bool) -> None:
    if (file is None) is not is_removal:
        raise click.ClickException("Name a file, or say --remove.")
    from storefront.shop.looks.files import LooksFile, remove_file, set_file

    with open_shop():
        if file is None:
            is_new = remove_file(LooksFile(kind))
            line = "Removed." if is_new else "There is none."
        else:
            with file.open("rb") as stream:
                is_new = set_file(LooksFile(kind), stream, file.name)
            line = f"{file.name} is in your shop now." if is_new else "Your shop has it already."
    print_result({"kind": kind, "changed": is_new}, [line], as_json=as_json)


COMMANDS = (looks, logo, icon, font)
