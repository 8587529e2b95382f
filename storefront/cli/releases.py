"""`storefront releases`: bring files, publish them, take them back, tell buyers."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop
from storefront.cli.text_files import FILE, read_text


@click.group()
def releases() -> None:
    """Versions of a product's files."""


@releases.command()
@click.argument("slug")
@click.argument("version")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--notes-file", type=FILE, help="What is new, in Markdown.")
@click.option("--draft", is_flag=True, help="Not to be seen yet: `releases publish` shows it.")
@click.option("--allow-empty", is_flag=True, help="Take files of 0 bytes, too.")
@as_json
def upload(
    *,
    slug: str,
    version: str,
    files: Sequence[Path],
    notes_file: Path | None,
    draft: bool,
    allow_empty: bool,
    as_json: bool,
) -> None:
    """Bring files into a release, which is made when it is new: all of them, or none.

    The same files again change nothing. Refused are empty files, and names that Windows or a Mac takes for one.
    """
    from storefront.cli.release_text import uploaded_lines
    from storefront.shop.catalog.releases import list_releases as releases_of
    from storefront.shop.catalog.upload import add_release_files

    notes = read_text(notes_file) if notes_file else None
    with open_shop():
        add_release_files(
            slug=slug, version=version, sources=files, notes=notes, is_draft=draft, allow_empty=allow_empty
        )
        uploaded = next(release for release in releases_of(slug) if release.version == version)
    print_result(asdict(uploaded), uploaded_lines(uploaded), as_json=as_json)


@releases.command("list")
@click.argument("slug")
@as_json
def list_releases(slug: str, as_json: bool) -> None:
    """Every release of a product with its files."""
    from storefront.cli.release_text import release_lines
    from storefront.shop.catalog.releases import list_releases as releases_of

    with open_shop():
        listed = releases_of(slug)
    print_result(
        [asdict(release) for release in listed],
        release_lines(listed),
        as_json=as_json,
        if_none=f"No releases yet: `storefront releases upload {slug} 1.0 FILE` adds one.",
    )


@releases.command()
@as_json
def check(as_json: bool) -> None:
    """See whether every file is in the storage, whole. Ends with 1 when one is not."""
    from storefront.cli.release_text import missing_line
    from storefront.delivery.downloads.missing_files import check_files

    with open_shop():
        missing = check_files()
    print_result(
        [asdict(file) for file in missing],
        map(missing_line, missing),
        as_json=as_json,
        if_none="Every file is there.",
    )
    if missing:
        raise click.exceptions.Exit(1)


@releases.command()
@click.argument("slug")
@click.argument("version")
@click.option("--notes-file", type=FILE, help="What is new, in Markdown.")
@as_json
def publish(slug: str, version: str, notes_file: Path | None, as_json: bool) -> None:
    """Show a draft, or a withdrawn release again."""
    from storefront.shop.catalog import publish as publishing

    notes = read_text(notes_file) if notes_file else None
    with open_shop():
        is_new = publishing.publish(slug, version, notes=notes)
    lines = [f"{version} was published already."]
    if is_new:
        advice = f"`storefront releases tell-buyers {slug} {version}` tells those who bought before."
        lines = [f"{version} is published.", advice]
    print_result({"version": version, "state": "published", "changed": is_new}, lines, as_json=as_json)


@releases.command()
@click.argument("slug")
@click.argument("version")
@as_json
def withdraw(slug: str, version: str, as_json: bool) -> None:
    """Take a release back: it disappears, older ones stay."""
    from storefront.shop.catalog import publish as publishing
    from storefront.shop.editor.goods import is_left_with_nothing

    with open_shop():
        was_there = publishing.withdraw(slug, version)
        is_empty = is_left_with_nothing(slug)
    lines = [f"{version} is withdrawn." if was_there else f"{version} was withdrawn already."]
    if is_empty:
        lines.append(
            f"{slug} is still for sale, and who buys it gets nothing: `storefront products retire {slug}` ends "
            "its sale."
        )
    values = {"version": version, "state": "withdrawn", "changed": was_there, "sells_nothing": is_empty}
    print_result(values, lines, as_json=as_json)


@releases.command("tell-buyers")
@click.argument("slug")
@click.argument("version")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@click.option("--per-minute", type=click.IntRange(1, 1000), default=30, show_default=True, help="Mails a minute.")
@as_json
def tell(slug: str, version: str, dry_run: bool, per_minute: int, as_json: bool) -> None:
    """Mail everybody whose purchase includes this release, once each."""
    from storefront.buyers.library.news import tell_buyers
    from storefront.cli.release_text import told_lines

    with open_shop():
        told = tell_buyers(slug, version, per_minute=per_minute, dry_run=dry_run)
    print_result(asdict(told), told_lines(told, dry_run=dry_run), as_json=as_json)
