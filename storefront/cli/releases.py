"""`storefront releases`: bring files, publish them, take them back, tell buyers."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from storefront.buyers.library.news import tell_buyers
from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.cli.terminal import plain
from storefront.delivery.downloads.missing_files import check_files
from storefront.shop.catalog import publish as publishing
from storefront.shop.catalog.file_sizes import format_size
from storefront.shop.catalog.releases import list_releases as releases_of
from storefront.shop.catalog.upload import add_release_files

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


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
    notes = notes_file.read_text(encoding="utf-8") if notes_file else None
    with open_shop():
        add_release_files(
            slug=slug, version=version, sources=files, notes=notes, is_draft=draft, allow_empty=allow_empty
        )
        found = next(each for each in releases_of(slug) if each.version == version)
    if as_json:
        print_json(asdict(found))
        return
    for file in found.files:
        click.echo(plain(f"{file.filename}  {format_size(file.size_bytes)}  SHA-256 {file.sha256}"))
    click.echo(f"{version} is {'a draft' if found.state == 'draft' else found.state}.")


@releases.command("list")
@click.argument("slug")
@as_json
def list_releases(slug: str, as_json: bool) -> None:
    """Every release of a product with its files."""
    with open_shop():
        found = releases_of(slug)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for release in found:
        day = f"{release.published_at:%Y-%m-%d}" if release.published_at else "-"
        click.echo(plain(f"{release.version}  {release.state}  {day}"))
        for file in release.files:
            click.echo(plain(f"  {file.filename}  {format_size(file.size_bytes)}  {file.sha256}"))
    if not found:
        click.echo(f"No releases yet: `storefront releases upload {slug} 1.0 FILE` adds one.")


@releases.command()
@as_json
def check(as_json: bool) -> None:
    """See whether every file is in the storage, whole. Ends with 1 when one is not."""
    with open_shop():
        missing = check_files()
    if as_json:
        print_json([asdict(each) for each in missing])
    for each in [] if as_json else missing:
        why = "is missing" if each.found_bytes is None else f"has {each.found_bytes} of {each.size_bytes} bytes"
        click.echo(plain(f"{each.path} {why}"))
    if missing:
        raise click.exceptions.Exit(1)
    if not as_json:
        click.echo("Every file is there.")


@releases.command()
@click.argument("slug")
@click.argument("version")
@click.option("--notes-file", type=FILE, help="What is new, in Markdown.")
@as_json
def publish(slug: str, version: str, notes_file: Path | None, as_json: bool) -> None:
    """Show a draft, or a withdrawn release again."""
    notes = notes_file.read_text(encoding="utf-8") if notes_file else None
    with open_shop():
        is_new = publishing.publish(slug, version, notes=notes)
    if as_json:
        print_json({"version": version, "state": "published", "changed": is_new})
        return
    click.echo(f"{version} is published." if is_new else f"{version} was published already.")
    if is_new:
        click.echo(f"`storefront releases tell-buyers {slug} {version}` tells those who bought before.")


@releases.command()
@click.argument("slug")
@click.argument("version")
@as_json
def withdraw(slug: str, version: str, as_json: bool) -> None:
    """Take a release back: it disappears, older ones stay."""
    with open_shop():
        was_there = publishing.withdraw(slug, version)
    if as_json:
        print_json({"version": version, "state": "withdrawn", "changed": was_there})
        return
    click.echo(f"{version} is withdrawn." if was_there else f"{version} was withdrawn already.")


@releases.command("tell-buyers")
@click.argument("slug")
@click.argument("version")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@click.option("--per-minute", type=click.IntRange(1, 1000), default=30, show_default=True, help="Mails a minute.")
@as_json
def tell(slug: str, version: str, dry_run: bool, per_minute: int, as_json: bool) -> None:
    """Mail everybody whose purchase includes this release, once each."""
    with open_shop():
        done = tell_buyers(slug, version, per_minute=per_minute, dry_run=dry_run)
    if as_json:
        print_json(asdict(done))
        return
    if dry_run:
        click.echo(f"{done.told} mails would leave within {done.minutes} minutes.")
    else:
        click.echo(f"{done.told} mails leave within {done.minutes} minutes; {done.before} were told before.")
    click.echo(
        f"Left out: {done.unsubscribed} want no news, {done.not_included} have no updates any more, "
        f"{done.closed} have no open order (they are told when theirs opens again)."
    )
