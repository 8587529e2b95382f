"""`storefront media`: pictures on the page of a product."""

from dataclasses import asdict
from pathlib import Path

import click

from storefront.cli.choices import ROW_ID
from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def media() -> None:
    """Pictures of products. The first one is the cover."""


@media.command()
@click.argument("slug")
@click.argument("file", type=FILE)
@click.option("--alt", default="", help="What it shows, for those who do not see it.")
@as_json
def add(slug: str, file: Path, alt: str, as_json: bool) -> None:
    """Show a picture last: JPEG, PNG, WebP, AVIF or GIF, at most 20 MB. The same one again keeps its place."""
    from storefront.cli.media_text import picture_lines
    from storefront.shop.media.pictures import add_picture, describe_picture
    from storefront.shop.media.queries import list_pictures

    with open_shop(), file.open("rb") as content:
        picture_id = add_picture(slug, content, file.name, alt).id
        if alt:  # of one that was there before, too
            describe_picture(slug, picture_id, alt)
        picture = next(view for view in list_pictures(slug) if view.id == picture_id)
    print_result(asdict(picture), picture_lines([picture]), as_json=as_json)


@media.command()
@click.argument("slug")
@click.argument("picture_id", metavar="ID", type=ROW_ID)
@click.argument("alt")
@as_json
def describe(slug: str, picture_id: int, alt: str, as_json: bool) -> None:
    """Say what a picture shows, for those who do not see it."""
    from storefront.cli.media_text import picture_lines
    from storefront.shop.media.pictures import describe_picture
    from storefront.shop.media.queries import list_pictures

    with open_shop():
        describe_picture(slug, picture_id, alt)
        picture = next(view for view in list_pictures(slug) if view.id == picture_id)
    print_result(asdict(picture), picture_lines([picture]), as_json=as_json)


@media.command("list")
@click.argument("slug")
@as_json
def list_media(slug: str, as_json: bool) -> None:
    """Every picture of a product, by the number that other commands want."""
    from storefront.cli.media_text import picture_lines
    from storefront.shop.media.queries import list_pictures

    with open_shop():
        pictures = list_pictures(slug)
    print_result(
        [asdict(picture) for picture in pictures],
        picture_lines(pictures),
        as_json=as_json,
        if_none=f"No pictures yet: `storefront media add {slug} FILE` adds one.",
    )


@media.command()
@click.argument("slug")
@click.argument("picture_id", metavar="ID", type=ROW_ID)
@as_json
def remove(slug: str, picture_id: int, as_json: bool) -> None:
    """Take a picture off a product's page."""
    from storefront.shop.media.pictures import remove_picture

    with open_shop():
        remove_picture(slug, picture_id)
    line = f"Picture {picture_id} is off the page of {slug}."
    print_result({"id": picture_id, "state": "removed"}, [line], as_json=as_json)


@media.command()
@click.argument("slug")
@click.argument("picture_id", metavar="ID", type=ROW_ID)
@click.argument("position", type=ROW_ID)
@as_json
def move(slug: str, picture_id: int, position: int, as_json: bool) -> None:
    """Show a picture at another place: 1 is the cover."""
    from storefront.cli.media_text import picture_lines
    from storefront.shop.media.pictures import move_picture
    from storefront.shop.media.queries import list_pictures

    with open_shop():
        move_picture(slug, picture_id, position)
        pictures = list_pictures(slug)
    print_result([asdict(picture) for picture in pictures], picture_lines(pictures), as_json=as_json)
